"""The RabbitMQ transport with a count and a gate, as ``transport.py`` has them for Redis.

The count: what is published to a lane is counted in the ledger's Redis, since RabbitMQ tells only what waits;
``orchestrator/broker/backlog.py`` says what for. The message comes first, and a count that is lost only makes a lane
look fuller than it is.

The gate: what comes out of a lane and is no message of ours is logged and rejected for good, see ``workers/gate.py``.

The worker's exit that ``transport.py`` repairs, and the silence that it stamps, are Redis' alone: a RabbitMQ and its
client notice each other's end by heartbeats.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import structlog
from kombu.transport import pyamqp
from redis.exceptions import RedisError

from orchestrator.broker.messages import is_own_queue
from orchestrator.domain.lanes import is_lane
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers
from workers.gate import ITEM_LIMIT_BYTES, NotOurs, made_anew

_log = structlog.get_logger(__name__)


class RabbitChannel(pyamqp.Channel):
    def basic_publish_confirm(self, *args: Any, **kwargs: Any) -> Any:
        # What every publish is, as celeryconfig.py asks for confirms.
        result = super().basic_publish_confirm(*args, **kwargs)
        if is_lane(lane := kwargs.get("routing_key", "")):
            _count(lane)
        return result

    def basic_consume(self, queue: str, *args: Any, callback: Callable[[Any], Any], **kwargs: Any) -> Any:
        if is_lane(queue) or is_own_queue(queue):
            deliver = callback

            def callback(message: Any) -> Any:
                try:
                    _make_anew(message)
                except NotOurs as reason:
                    # Nothing of it is quoted: it is somebody else's.
                    _log.error("message refused", action="message-refused", reason=str(reason), queue=queue)
                    return self.basic_reject(message.delivery_tag, requeue=False)
                return deliver(message)

        return super().basic_consume(queue, *args, callback=callback, **kwargs)


def _make_anew(message: Any) -> None:
    body = message.body.encode() if isinstance(message.body, str) else message.body
    if len(body) > ITEM_LIMIT_BYTES:
        raise NotOurs(f"{len(body)} bytes, expected at most {ITEM_LIMIT_BYTES}")
    properties, info = message.properties, message.delivery_info
    made = made_anew(
        {
            "body": base64.b64encode(body).decode(),
            "content-type": properties.get("content_type"),
            "content-encoding": properties.get("content_encoding"),
            "headers": properties.get("application_headers"),
            "properties": {
                "delivery_tag": str(message.delivery_tag),
                "delivery_info": {"exchange": info.get("exchange"), "routing_key": info.get("routing_key")},
                "body_encoding": "base64",
            },
        }
    )
    message.body = base64.b64decode(made["body"])
    message.properties = {
        "content_type": made["content-type"],
        "content_encoding": made["content-encoding"],
        "application_headers": made["headers"],
        "correlation_id": made["properties"]["correlation_id"],
        "delivery_mode": made["properties"]["delivery_mode"],
    }


def _count(lane: str) -> None:
    client, key = _counter()
    try:
        client.hincrby(key, lane, 1)
    except RedisError as error:
        _log.warning("message not counted", action="publish-not-counted", queue=lane, error=str(error))


@lru_cache(maxsize=1)
def _counter() -> tuple[Any, str]:
    settings = load_settings()
    return connect(find_servers(settings).redis_url, patient=False), Keys(settings.namespace).of("pushed")


class RabbitConnection(pyamqp.Connection):
    Channel = RabbitChannel


class RabbitTransport(pyamqp.Transport):
    """Named by ``broker_transport`` in celeryconfig.py."""

    Connection = RabbitConnection
