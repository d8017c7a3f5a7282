"""What a hand has made of the broker's own keys stops no message (I19)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from orchestrator.broker.backlog import Backlog
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.copies import Copies
from orchestrator.coordinator.publisher import Publisher
from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place

Hand = Callable[[redis.Redis, str, str], Any]

HANDS: dict[str, Hand] = {
    "a count of nothing": lambda broker, counts, lane: broker.hset(counts, "junk", "junk"),
    "a count that is no number": lambda broker, counts, lane: broker.hset(counts, lane.rpartition(":")[2], "many"),
    "a count too large": lambda broker, counts, lane: broker.hset(counts, lane.rpartition(":")[2], str(2**63 - 1)),
    "counts that are text": lambda broker, counts, lane: broker.set(counts, "garbage"),
    "a lane that is text": lambda broker, counts, lane: broker.set(lane, "garbage"),
}


@pytest.fixture
def dispatcher(settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    # It reads the broker's address once a process.
    monkeypatch.delitem(sys.modules, "celeryconfig", raising=False)
    made = Dispatcher(settings)
    yield made
    made.close()


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_a_lost_message_is_published_again_past_damage_in_the_broker(
    redis_client: redis.Redis, settings: Settings, place: Place, dispatcher: Dispatcher, hand: Hand
) -> None:
    world = LedgerWorld(redis_client, settings)
    broker = redis.Redis.from_url(place.admin_broker_url)
    world.started("p", ["a"])
    prefix = f"changeover:{place.namespace}:"
    lane = prefix + lane_name(lane_of("a", settings.lanes))
    hand(broker, f"{prefix}lanes.pushed", lane)
    copies = Copies(world.ledger, Backlog(dispatcher.depths))
    publisher = Publisher(dispatcher, world.reader, lambda tasks: [("one", "two", "three")] * len(tasks), copies)
    sweeper = Sweeper(world.ledger, publisher.put, publisher.put_doubted)

    for _ in range(2):
        world.expire("leases_queued", "p.0")
        sweeper.sweep()
        for _ in range(3):
            publisher.round()

    # Published once, and known to wait there from then on.
    assert broker.llen(lane) == 1
    assert dispatcher.waiting()[lane_name(lane_of("a", settings.lanes))] == 1
    broker.close()
