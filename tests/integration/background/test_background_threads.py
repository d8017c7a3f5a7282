"""Every thread that runs beside the work keeps the contract of ``background.loop``, whoever calls it."""

from __future__ import annotations

import random
from typing import Protocol

import pytest
import redis

from orchestrator.broker.watch import BrokerWatch
from orchestrator.coordinator.retention import Retention, RetentionThread
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence, alive
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Turn
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.support.hammer import hammer, threads_named
from workers.in_hand import InHand
from workers.lease_keeper import LeaseKeeper
from workers.watchdog import Silence, Watchdog


class Background(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


def thread_of(name: str, client: redis.Redis, settings: Settings) -> Background:
    ledger = Ledger(client, settings)
    match name:
        case "presence":
            return Presence(ledger, "worker")
        case "lease-keeper":
            return LeaseKeeper(ledger, 0.01)
        case "watchdog":
            return Watchdog(Silence(), 0.06, is_busy=lambda: True, connects=lambda: 1, broker_answers=lambda: True)
        case "broker-watch":
            return BrokerWatch(find_servers(settings).broker_url)
        case "in-hand":
            return InHand(ledger, 0.01, 60)
        case _:
            return RetentionThread(Retention(Purges(ledger), Reader(client, ledger.keys), 60, None), 0.01)


@pytest.mark.parametrize("name", ["presence", "lease-keeper", "watchdog", "broker-watch", "in-hand", "retention"])
def test_start_and_stop_may_be_hammered(name: str, redis_client: redis.Redis, settings: Settings) -> None:
    background = thread_of(name, redis_client, settings)
    background.stop()

    def act(number: int) -> None:
        choose = random.Random(number)
        for _ in range(40):
            choose.choice((background.start, background.stop))()

    hammer(act)
    background.start()
    assert len(threads_named(name)) == 1
    background.stop()
    background.stop()
    assert not threads_named(name)
    assert alive(redis_client, Keys(settings.namespace)) == []


def test_presence_is_there_when_start_returns_and_gone_when_stop_does(
    redis_client: redis.Redis, settings: Settings
) -> None:
    keys = Keys(settings.namespace)
    presence = Presence(Ledger(redis_client, settings), "coordinator")
    for _ in range(2):
        presence.start()
        assert [process.role for process in alive(redis_client, keys)] == ["coordinator"]
        presence.stop()
        assert alive(redis_client, keys) == []


def test_a_turn_held_after_a_stop_is_kept_all_the_same(redis_client: redis.Redis, settings: Settings) -> None:
    keeper = LeaseKeeper(Ledger(redis_client, settings), 0.01)
    keeper.stop()
    with keeper.holding(Turn("p.0", 1, 0, 0)):
        assert len(threads_named("lease-keeper")) == 1
    keeper.stop()
    assert not threads_named("lease-keeper")
