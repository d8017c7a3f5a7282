"""What Celery's consumer says while its broker is away or refuses: the begin, once a minute, the end.

A full or read-only Redis refuses each try at once, so the consumer tries some three times a second, says each time that
it cannot connect, and every second that it restarts often, with a traceback: hundreds of lines that say one thing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from celery.worker.consumer.consumer import CANCEL_TASKS_BY_DEFAULT, CONNECTION_ERROR, CONNECTION_RETRY

from orchestrator.broker.refused import refused_at
from orchestrator.ledger.refusals import BROKER, is_servers_fault, not_now, refuses_us, state_words

REPEAT_SECONDS: Final = 60.0

STEADY_SECONDS: Final = 5.0
"""A connection that lasts as long was one: what fails after it is another outage."""

LOGGERS: Final = (
    "celery.worker.consumer.consumer",
    "celery.worker.consumer.connection",
    "py.warnings",
    "kombu.transport.redis",
)

# Celery and kombu have no names for these three.
CONNECTED: Final = "Connected to %s"
RESTARTS: Final = "Frequent restarts detected: %r"
NOT_REFRESHED: Final = "maybe_refresh_binding_expiry: Redis error, will retry"
"""Once a second, with a traceback, where the broker takes no script; consuming goes on meanwhile."""
LOST: Final = ("%s (%r)", CONNECTION_RETRY)

OF_EACH_LOSS: Final = ("Skipping prefetch count reduction", CANCEL_TASKS_BY_DEFAULT.strip().splitlines()[0])
"""What stands in lines that Celery says of itself each time; a worker that is refused says them four times a second."""


class BrokerLines(logging.Filter):
    """Lets through what is new, as one line. One for all loggers: what ends an outage comes from the other one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, broker_url: str = "") -> None:
        super().__init__()
        self._broker_url = broker_url
        self._clock = clock
        self._told: dict[str, float] = {}
        """When what the broker is was told last, in this outage."""
        self._connected_at: float | None = None
        self._is_out = True
        self._left_out = 0
        self._said_once: set[str] = set()
        self._not_refreshed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.msg == RESTARTS:
            # The lines around it say all, and the traceback is one of Celery's own counter.
            return False
        if record.msg == CONNECTED:
            return self._connects()
        if record.msg == NOT_REFRESHED:
            return self._is_not_refreshed(record)
        for words in OF_EACH_LOSS:
            if isinstance(record.msg, str) and words in record.msg:
                is_new = words not in self._said_once
                self._said_once.add(words)
                return is_new
        if record.msg == CONNECTION_ERROR or (record.msg, *_args(record)[:1]) == LOST:
            return self._fails(record)
        return True

    def _is_not_refreshed(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        state = state_words(error, BROKER) if error and is_servers_fault(error) else ""
        now, told = self._clock(), self._not_refreshed
        if state in told and now - told[state] < REPEAT_SECONDS:
            return False
        told[state] = now
        if state:
            record.msg, record.args, record.exc_info = "%s (%s)", (record.msg, state), None
        return True

    def _connects(self) -> bool:
        self._connected_at = self._clock()
        # Where connections come and go, the first of them says so; the next line is the next minute's.
        is_new, self._is_out, self._left_out = self._is_out, False, 0
        return is_new

    def _fails(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        # A connection that was cut does not tell what the broker is; the next try does, unless that is let in to begin
        # with.
        error = _error(record)
        says_why = record.msg == CONNECTION_ERROR or (error is not None and refuses_us(error))
        state = _state(record) if says_why else ""
        if self._connected_at is not None and now - self._connected_at >= STEADY_SECONDS:
            self._told.clear()
        if state in self._told and now - self._told[state] < REPEAT_SECONDS:
            self._left_out += 1
            return False
        text = " ".join(record.getMessage().split())
        text += f" ({state}){self._way_out(record)}" if state else ""
        if self._left_out:
            text += f"; {self._left_out} more tries since the last such line"
        record.msg, record.args = "%s", (text,)
        self._told[state] = now
        self._connected_at, self._is_out, self._left_out = None, True, 0
        return True

    def _way_out(self, record: logging.LogRecord) -> str:
        """Which server it is that does not do, why, and where it is named; a state passes by itself, and a refusal has
        said it."""
        error = _error(record)
        if not self._broker_url or error is None or not_now(error) is not None or refuses_us(error):
            return ""
        return f": {refused_at(self._broker_url, error)}"


def _error(record: logging.LogRecord) -> BaseException | None:
    return next((one for one in _args(record) if isinstance(one, BaseException)), None)


def _state(record: logging.LogRecord) -> str:
    error = _error(record)
    return state_words(error, BROKER) if error else ""


def _args(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


def thin_broker_lines(broker_url: str) -> None:
    """From here on this process writes no more of them than needed."""
    lines = BrokerLines(broker_url=broker_url)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(lines)
