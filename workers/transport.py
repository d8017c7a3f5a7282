"""The Redis transport with one repair, one saving, one sign of life, one count, three gates and a way to a socket.

The first two were found by measuring kombu 5.7.0 with celery 5.7.0.

The repair: a worker that loses its broker reconnects instead of exiting. Celery closes a broken connection twice.
After the first close the channel's transport has no client any more, and the second pass reads ``hostname`` of None:
an AttributeError, which nothing treats as a connection error, so prefork and threads workers end with "Unrecoverable
error". Saying "connection error" there lets Celery's own reconnect go on.
``tests/integration/broker/test_broker_loss.py`` fails without this.

The saving: kombu builds a new Redis client for every operation, about a fifth of a worker's CPU time. One client a
pool does the same.

The sign of life: every reply to the consumer's blocking pop is stamped; ``workers/watchdog.py`` says what for.

The count: what is published to a lane is counted beside it; ``orchestrator/broker/backlog.py`` says what for. The push
comes first, so that a count that is cut off only makes a lane look fuller than it is.

The gate: what is read from a lane and is no message of ours is logged and dropped, see ``workers/gate.py``; and should
one pass that Celery cannot bear, that message is dropped, not the worker. What comes back from a worker that is gone
passes the same gate, and an entry there that nobody can read is taken out: kombu reads all at every start, and ends the
worker over one that it cannot read. ``tests/integration/workers/test_garbage.py`` fails without this. What comes by
remote control's channel has a gate of its own, ``workers/command_gate.py``; of what else is published (events and
replies, for Flower) nothing that cannot be read ends who listens.

The socket: kombu's own URL of one, ``redis+socket://``, names kombu's transport and passes every other by, so it is
handed redis-py's, which it leaves to the transport to read. ``tests/integration/broker/test_socket.py`` fails without
this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import structlog
from celery.worker.control import Panel
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from kombu.utils.json import dumps
from pydantic_core import from_json
from redis import UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from orchestrator.broker.lane_keys import clear_damaged, gathers, push
from orchestrator.broker.messages import GONE_AFTER_SECONDS, is_own_queue
from orchestrator.domain.lanes import is_lane
from orchestrator.ledger.handshake import greeting
from orchestrator.settings.redis_url import parse_redis_url
from workers.command_gate import command_made_anew, is_command_queue
from workers.gate import ITEM_LIMIT_BYTES, NotOurs, made_anew
from workers.watchdog import SILENCE

_log = structlog.get_logger(__name__)

_UNREADABLE = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError)
"""What kombu's JSON reader raises for an item; it also makes dates and numbers of objects that ask for it."""


MOST_TOLD: Final = 100
"""Reasons for which something published was dropped that are logged: each once a process."""

_told: set[str] = set()


class QoS(kombu_redis.QoS):
    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        try:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)  # type: ignore[no-untyped-call]
        except _UNREADABLE as error:
            self._remove_from_indices(tag).execute()  # type: ignore[no-untyped-call]
            _refuse(f"no JSON ({type(error).__name__})", queue="unacked")


class RedisChannel(kombu_redis.Channel):
    QoS = QoS
    _pool_and_client: tuple[Any, Any] | None = None

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("channel closed")
        found = super()._connparams(asynchronous=asynchronous)  # type: ignore[no-untyped-call]
        # Else an old Redis' answer is logged as it is, with the password that it was sent.
        return {**found, "connection_class": greeting(found["connection_class"])}

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        # The pool is replaced when the connection is lost; a client of the old one goes with it.
        pool = self.pool
        kept = self._pool_and_client
        if kept is None or kept[0] is not pool:
            client = super()._create_client()  # type: ignore[no-untyped-call]
            client.set_response_callback("BRPOP", _bounded)
            kept = self._pool_and_client = (pool, client)
        return kept[1]

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        if is_own_queue(queue):
            self._put_for_one(queue, message)
            return
        if not is_lane(queue) or options.get("_publish_batch") is not None:
            super()._put(queue, message, **options)  # type: ignore[no-untyped-call]
            return
        text = dumps(message)  # type: ignore[no-untyped-call]
        if gathers(self, queue, text):
            return
        with self.conn_or_acquire() as client:
            push(client, self.global_keyprefix, queue, text)

    def _put_for_one(self, queue: str, message: dict[str, Any]) -> None:
        # In one write: without its end the queue of a worker that is gone would stay.
        with self.conn_or_acquire() as client, client.pipeline(transaction=True) as pipeline:
            pipeline.lpush(queue, dumps(message))  # type: ignore[no-untyped-call]
            pipeline.pexpire(queue, GONE_AFTER_SECONDS * 1000)
            pipeline.execute()

    def _new_queue(self, queue: str, auto_delete: bool = False, **options: Any) -> None:
        if is_lane(queue):
            with self.conn_or_acquire() as client:
                clear_damaged(client, self.global_keyprefix, {queue: "list"})
        super()._new_queue(queue, auto_delete, **options)  # type: ignore[no-untyped-call]

    def _do_restore_message(
        self, payload: Any, exchange: str, routing_key: str, pipe: Any, leftmost: bool = False
    ) -> None:
        if not is_lane(str(routing_key)):
            # The queue of a worker that is gone; or of nobody.
            return
        try:
            message = made_anew(payload)
        except NotOurs as reason:
            _refuse(str(reason), queue="unacked")
            return
        super()._do_restore_message(message, exchange, routing_key, pipe, leftmost)  # type: ignore[no-untyped-call]

    def _brpop_read(self, **options: Any) -> Any:
        # Before the reply is parsed: "nothing yet" is raised as an exception, and is a sign of life as well.
        SILENCE.end()
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except _UNREADABLE as error:
            _refuse(f"no JSON ({type(error).__name__})")
            return True

    def _receive_one(self, c: Any) -> Any:
        try:
            return super()._receive_one(c)  # type: ignore[no-untyped-call]
        except _UNREADABLE as error:
            _refuse_once(f"no JSON ({type(error).__name__})")
            return True

    def _handle_message(self, client: Any, r: Any) -> Any:
        told = super()._handle_message(client, r)  # type: ignore[no-untyped-call]
        if b"message" in _as_bytes(told["type"]) and not _may_be_read(_as_bytes(told["data"])):
            # kombu would log all of it, with a traceback, each time.
            _refuse_once("no JSON, or too long", channel="published")
            told["data"] = b""
        return told

    def basic_consume(self, queue: str, no_ack: bool = False, *args: Any, **kwargs: Any) -> Any:
        if not no_ack:
            with self.conn_or_acquire() as client:
                clear_damaged(client, self.global_keyprefix, {self.unacked_key: "hash", self.unacked_index_key: "zset"})
        result = super().basic_consume(queue, no_ack, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not no_ack:
            # A lane. What is published is consumed without acknowledgement.
            callbacks = self.connection._callbacks
            callbacks[queue] = partial(self._pass, callbacks[queue], queue)
        else:
            callbacks = self.connection._callbacks
            callbacks[queue] = partial(self._pass_published, callbacks[queue], queue)
        return result

    def _pass_published(self, deliver: Callable[[Any], Any], queue: str, item: Any) -> None:
        try:
            deliver(command_made_anew(item, Panel.data) if is_command_queue(queue) else item)
        except NotOurs as reason:
            _refuse_once(f"remote control: {reason}")
        except (*self.connection.connection_errors, *self.connection.channel_errors):
            raise
        except _UNREADABLE as error:
            _refuse_once(f"Celery cannot take it ({type(error).__name__})", channel="published")

    def _pass(self, deliver: Callable[[Any], Any], queue: str, item: Any) -> None:
        try:
            message = made_anew(item)
        except NotOurs as reason:
            _refuse(str(reason), queue=queue)
            return
        try:
            deliver(message)
        except (*self.connection.connection_errors, *self.connection.channel_errors):
            raise
        except Exception:  # noqa: BLE001 - whatever Celery makes of this message, the others are not to wait for it
            _log.exception("message refused", action="message-refused", queue=queue, reason="Celery cannot take it")
            tag = message["properties"]["delivery_tag"]
            if tag in self.qos._delivered:
                self.basic_ack(tag)  # type: ignore[no-untyped-call]


def _bounded(reply: Any, **_: Any) -> Any:
    """The reply to a blocking pop: None when there is nothing, or nothing that could be a message."""
    if reply and len(reply[1]) > ITEM_LIMIT_BYTES:
        _refuse(f"{len(reply[1])} bytes, expected at most {ITEM_LIMIT_BYTES}", queue=str(reply[0]))
        return None
    return reply


def _refuse(reason: str, **more: Any) -> None:
    # Nothing of it is quoted: it is somebody else's.
    _log.error("message refused", action="message-refused", reason=reason, **more)


def _refuse_once(reason: str, **more: Any) -> None:
    # Whoever publishes it can do so as often as they like.
    if reason not in _told and len(_told) < MOST_TOLD:
        _told.add(reason)
        _refuse(reason, **more)


def _as_bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode(errors="replace")


def _may_be_read(text: bytes) -> bool:
    """Whether it is JSON of a bearable length."""
    if len(text) > ITEM_LIMIT_BYTES:
        return False
    try:
        from_json(text)
    except ValueError:
        return False
    return True


class Transport(kombu_redis.Transport):
    """Named by ``broker_transport`` in celeryconfig.py."""

    Channel = RedisChannel


class SocketChannel(RedisChannel):
    connection_class = UnixDomainSocketConnection  # type: ignore[assignment]

    def _connparams(self, asynchronous: bool = False) -> Any:
        found = super()._connparams(asynchronous=asynchronous)
        # kombu has read user and password; what it knows of TCP no socket takes.
        found = self._filter_tcp_connparams(**found)  # type: ignore[no-untyped-call]
        url = parse_redis_url(self.connection.client.hostname)
        return {**found, "path": unquote(url.place), "db": url.database}


class SocketTransport(Transport):
    """The same for a broker at a Unix socket."""

    Channel = SocketChannel
    can_parse_url = True


# Whoever asks kombu about such a URL by itself, as remote control does that tells the configuration.
TRANSPORT_ALIASES["unix"] = f"{__name__}:{SocketTransport.__name__}"
