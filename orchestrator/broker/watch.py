"""Which broker a process works with, and whether it answers: told with the process' presence.

A worker whose broker is another than the coordinators' looks well and never gets a message; a coordinator whose broker
is away admits tasks and hands out none. Two URLs may name one server, so the server's own run id is told beside them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import redis
import structlog
from celery import Celery

from orchestrator.background.loop import BackgroundLoop
from orchestrator.background.news import News
from orchestrator.broker.bounds import answer_within, broker_errors
from orchestrator.broker.refused import rabbit_away
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.refusals import BROKER, refuses_us, state_words
from orchestrator.ledger.server_state import ANSWER_WITHIN_SECONDS, client_for_once
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.redis_url import parse_redis_url

LOOK_SECONDS: Final = 5.0

AWAY_AFTER: Final = 2
"""Looks in a row without an answer that make it away: one is missed in any fail-over."""

_log = structlog.get_logger(__name__)


def place_of(broker_url: str) -> str:
    """Host, port and database (of a RabbitMQ: virtual host), nothing secret."""
    if is_amqp(broker_url):
        return parse_amqp_url(broker_url).place
    url = parse_redis_url(broker_url)
    return f"{url.place}/{url.database}"


class BrokerWatch:
    """Asks the broker who it is, on a thread of its own; started and stopped as ``background.loop`` says."""

    def __init__(self, broker_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """``broker_url`` as ``find_servers`` gives it."""
        self._ask = _rabbit_asker(broker_url) if is_amqp(broker_url) else _redis_asker(broker_url)
        self._place = place_of(broker_url)
        self._clock = clock
        self._run = self._refusal = ""
        self._news = News(clock)
        self._answered, self._missed = clock(), 0
        self._loop = BackgroundLoop("broker-watch", LOOK_SECONDS, self.look, opening=self.look)

    def start(self) -> None:
        """Looks now, then every five seconds."""
        self._loop.start()

    def stop(self) -> None:
        """Looks no more."""
        self._loop.stop()

    def look(self) -> None:
        """Asks once."""
        try:
            self._run = self._ask()
        except (redis.RedisError, Unreachable, OSError) as error:
            self._missed += 1
            said = state_words(error, BROKER)
            self._refusal = said if refuses_us(error) else ""
            if self._news.is_new("broker", said):
                _log.warning(said, action="broker-missed", error=str(error))
            return
        self._answered, self._missed, self._refusal = self._clock(), 0, ""
        self._news.forget("broker")

    def told(self) -> dict[str, Any]:
        """``broker``: host, port and database; ``brokerRun``: the server's run id and the database (of a RabbitMQ: its
        cluster's name and the virtual host), "" when it was never there; ``brokerAway``: seconds since it last
        answered, 0 unless it has missed two looks in a row; ``brokerRefusal``: why it refuses us, if it does."""
        away = round(self._clock() - self._answered, 1) if self._missed >= AWAY_AFTER else 0.0
        return {"broker": self._place, "brokerRun": self._run, "brokerAway": away, "brokerRefusal": self._refusal}


def _redis_asker(broker_url: str) -> Callable[[], str]:
    url = parse_redis_url(broker_url)
    dial = url.for_ledger()

    def ask() -> str:
        with client_for_once(dial) as client:
            return f"{cast(dict[str, Any], client.info('server'))['run_id']}/{url.database}"

    return ask


def _rabbit_asker(broker_url: str) -> Callable[[], str]:
    def ask() -> str:
        found = ask_rabbit(broker_url)
        return f"{found.cluster}/{found.vhost}"

    return ask


@dataclass(frozen=True, slots=True)
class Rabbit:
    """What a RabbitMQ says of itself."""

    version: str
    cluster: str
    vhost: str


def ask_rabbit(url: str) -> Rabbit:
    """The RabbitMQ at ``url``. Raises ``Unreachable`` when it does not answer."""
    rabbit = parse_amqp_url(url)
    with Celery("changeover", broker=rabbit.plain, set_as_current=False) as app:
        app.conf.broker_use_ssl = rabbit.tls or False
        answer_within(app, ANSWER_WITHIN_SECONDS)
        try:
            with app.connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0.1)
                told = cast(Any, connection.connection).server_properties
                return Rabbit(str(told.get("version")), str(told.get("cluster_name")), connection.virtual_host)
        except broker_errors(app) as error:
            raise rabbit_away(url, error) from error
