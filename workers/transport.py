"""The Redis transport with one repair, one saving and one sign of life.

The first two were found by measuring kombu 5.7.0 with celery 5.7.0.

The repair: a worker that loses its broker reconnects instead of exiting. Celery closes a broken connection twice.
After the first close the channel's transport has no client any more, and the second pass reads ``hostname`` of None:
an AttributeError, which nothing treats as a connection error, so prefork and threads workers end with "Unrecoverable
error". Saying "connection error" there lets Celery's own reconnect go on.
``tests/integration/test_broker_loss.py`` fails without this.

The saving: kombu builds a new Redis client for every operation, about a fifth of a worker's CPU time. One client a
pool does the same.

The sign of life: every reply to the consumer's blocking pop is stamped; ``workers/watchdog.py`` says what for.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.watchdog import SILENCE


class Channel(kombu_redis.Channel):
    _pool_and_client: tuple[Any, Any] | None = None

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("channel closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[no-untyped-call]

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        # The pool is replaced when the connection is lost; a client of the old one goes with it.
        pool = self.pool
        kept = self._pool_and_client
        if kept is None or kept[0] is not pool:
            kept = self._pool_and_client = (pool, super()._create_client())  # type: ignore[no-untyped-call]
        return kept[1]

    def _brpop_read(self, **options: Any) -> Any:
        # Before the reply is parsed: "nothing yet" is raised as an exception, and is a sign of life as well.
        SILENCE.end()
        return super()._brpop_read(**options)  # type: ignore[no-untyped-call]


class Transport(kombu_redis.Transport):
    """Named by ``broker_transport`` in celeryconfig.py."""

    Channel = Channel
