"""An outage of the broker is a few lines in a worker's log, whatever Celery says of it, and each outage is told."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker.consumer import connection
from celery.worker.consumer.consumer import (
    CANCEL_TASKS_BY_DEFAULT,
    CONNECTION_ERROR,
    CONNECTION_RETRY,
    Consumer,
)
from kombu.transport.redis import MultiChannelPoller
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ResponseError,
)

from workers.broker_lines import CONNECTED, LOGGERS, OF_EACH_LOSS, RESTARTS, BrokerLines

FULL = OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
CONSUMER, CONNECTION, WARNINGS, KOMBU = (logging.getLogger(name) for name in LOGGERS)


class Kept(logging.Handler):
    """Keeps what is written."""

    def __init__(self, lines: list[logging.LogRecord]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


class Log:
    """What is written, as text; the time is the test's."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lines: list[logging.LogRecord] = []
        self.filter = BrokerLines(lambda: self.now)
        self.handler = Kept(self.lines)

    def fails(self, seconds: float, each: float = 0.3) -> None:
        """So long, as a full Redis makes it."""
        until = self.now + seconds
        while self.now < until:
            CONSUMER.error(CONNECTION_ERROR, "redis://h", FULL, "Trying to reconnect...")
            CONSUMER.critical(RESTARTS, ValueError("5 in 1s"), exc_info=ValueError())
            self.now += each

    def connects(self) -> None:
        CONNECTION.info(CONNECTED, "redis://h")

    def said(self) -> list[str]:
        """One word a line, and forgets them."""
        words = ["connected" if "Connected" in one.getMessage() else "away" for one in self.lines]
        self.lines.clear()
        return words


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    loggers = (CONSUMER, CONNECTION, WARNINGS, KOMBU)
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addFilter(log.filter)
        logger.addHandler(log.handler)
        logger.setLevel(logging.INFO)
    log.connects()
    assert log.said() == ["connected"]
    log.now += 3600
    yield log
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeFilter(log.filter)
        logger.removeHandler(log.handler)
        logger.setLevel(level)


def test_an_outage_is_its_begin_each_minute_and_its_end(log: Log) -> None:
    log.fails(150)
    log.connects()
    first, second, third, _ = log.lines
    assert log.said() == ["away", "away", "away", "connected"]
    text = first.getMessage()
    assert text.startswith("consumer: Cannot connect to redis://h: command not allowed")
    assert text.endswith("Trying to reconnect... (the broker is full)")
    assert "\n" not in text
    assert second.getMessage().endswith("(the broker is full); 199 more tries since the last such line")
    assert not first.exc_info
    assert third.levelno == logging.ERROR


def test_each_outage_is_told(log: Log) -> None:
    for _ in range(3):
        CONSUMER.warning("%s (%r)", CONNECTION_RETRY, FULL)
        log.fails(2)
        log.connects()
        assert log.said() == ["away", "away", "connected"]
        log.now += 6


def test_what_is_no_redis_is_told_with_the_setting_that_led_there() -> None:
    lines = BrokerLines(broker_url="redis://:sesame@h:1/1")
    for error, words in ((InvalidResponse("got H"), "at redis://h:1/1 is no Redis"), (FULL, "the broker is full)")):
        record = logging.makeLogRecord({"msg": CONNECTION_ERROR, "args": ("redis://h", error, "Trying again")})
        assert lines.filter(record)
        assert words in record.getMessage()
        assert ("point CHANGEOVER_BROKER_URL at" in record.getMessage()) is (error is not FULL)


def test_a_broker_that_refuses_us_is_not_away(log: Log) -> None:
    """Let in, and refused at the first pop: no try says more than the loss."""
    for _ in range(200):
        CONSUMER.warning("%s (%r)", CONNECTION_RETRY, NoPermissionError("no permissions to run the 'brpop' command"))
        WARNINGS.warning(f"consumer.py:427: CPendingDeprecationWarning: {CANCEL_TASKS_BY_DEFAULT}")
        CONSUMER.info("Skipping prefetch count reduction after connection restart because ...")
        log.connects()
        log.now += 0.25
    lost, deprecated, skipped, _ = (line.getMessage() for line in log.lines)
    assert "(the broker does not let our user do this (no permissions to run the 'brpop' command); docs/" in lost
    assert "CPending" in deprecated
    assert "Skipping" in skipped
    log.lines.clear()
    CONSUMER.error(CONNECTION_ERROR, "redis://h", AuthenticationError("invalid username-password pair"), "Trying")
    assert log.lines[0].getMessage().split(" (the broker ")[1] == (
        "refuses the user or password of CHANGEOVER_BROKER_URL)"
    )


def test_what_kombu_says_each_second_of_a_server_that_refuses_is_said_each_minute(log: Log) -> None:
    """Consuming goes on over a broker that is full, or lets our user run no script."""
    barred = NoPermissionError("no permissions to run the 'evalsha' command")
    for error, state in ((FULL, "(the broker is full)"), (barred, "(the broker does not let our user do this (")):
        for _ in range(100):
            refuses_to_refresh(error)
            log.now += 1
        for line in log.lines:
            assert line.getMessage().startswith("maybe_refresh_binding_expiry: Redis error, will retry (")
            assert state in line.getMessage()
            assert not line.exc_info
        assert len(log.lines) == 2
        log.lines.clear()
    # Of what is no such state, a traceback tells where it comes from.
    refuses_to_refresh(ResponseError("WRONGTYPE Operation against a key"))
    (line,) = log.lines
    assert line.exc_info


def refuses_to_refresh(error: ResponseError) -> None:
    def refuse() -> None:
        raise error

    channel: Any = SimpleNamespace(
        maybe_refresh_binding_expiry=refuse, connection_errors=(OSError,), ResponseError=ResponseError
    )
    poller: Any = MultiChannelPoller()  # type: ignore[no-untyped-call]
    poller._channels = [channel]
    poller.maybe_refresh_binding_expiry()


def test_another_reason_is_told_at_once(log: Log) -> None:
    CONSUMER.warning("%s (%r)", CONNECTION_RETRY, ConnectionError("closed"))
    CONSUMER.error(CONNECTION_ERROR, "redis://h", ConnectionRefusedError("refused"), "Trying again")
    log.fails(30)
    told = [line.getMessage().rpartition("(")[2] for line in log.lines]
    assert told == ["ConnectionError('closed'))".partition("(")[2], "the broker is away)", "the broker is full)"]


def test_a_connection_that_comes_and_goes_is_told_once_a_minute(log: Log) -> None:
    for _ in range(300):
        log.fails(0.2)
        log.connects()
    assert log.said() == ["away", "connected"] * 2
    # It goes for good: that is told as soon as no connection has been there for long.
    log.fails(7)
    assert log.said() == ["away"]


def test_other_lines_of_celery_pass(log: Log) -> None:
    CONSUMER.error("Received unregistered task of type %s.", "x")
    CONSUMER.info("Events of group {task} enabled by remote.")
    assert len(log.lines) == 2


def test_celery_still_says_it_in_these_words() -> None:
    """Of a Celery that has other words every line is written again, and this test says so."""
    lines: list[logging.LogRecord] = []
    handler = Kept(lines)
    for logger in (CONSUMER, CONNECTION):
        logger.addHandler(handler)
    level = CONNECTION.level
    CONNECTION.setLevel(logging.INFO)
    try:
        known = type(
            "Known", (), {"connect": lambda self: self, "as_uri": lambda self: "redis://h", "connection": None}
        )()
        connection.Connection(known).start(known)
        broken = type("Broken", (), {"conninfo": known})()
        Consumer.on_connection_error_before_connected(broken, FULL)
    finally:
        CONNECTION.setLevel(level)
        for logger in (CONSUMER, CONNECTION):
            logger.removeHandler(handler)
    assert [line.msg for line in lines] == [CONNECTED, CONNECTION_ERROR]
    said = inspect.getsource(Consumer.on_connection_error_after_connected)
    assert OF_EACH_LOSS[0] in said
    assert OF_EACH_LOSS[1] in CANCEL_TASKS_BY_DEFAULT
