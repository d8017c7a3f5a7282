"""The Redis transport, with one repair: a worker that loses its broker reconnects instead of exiting.

celery 5.7.0 closes a broken connection twice. After the first close the channel's transport has no client any more,
and kombu 5.7.0's second pass reads ``hostname`` of None: an AttributeError, which nothing treats as a connection
error, so prefork and threads workers end with "Unrecoverable error". Saying "connection error" there lets Celery's
own reconnect go on. ``tests/integration/test_broker_loss.py`` fails without this.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(kombu_redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("channel closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[no-untyped-call]


class Transport(kombu_redis.Transport):
    """Named by ``broker_transport`` in celeryconfig.py."""

    Channel = Channel
