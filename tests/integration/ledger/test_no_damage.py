"""A namespace that is busy is not called damaged: what is compared was read one after the other."""

from __future__ import annotations

import threading

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.explain import Situation
from orchestrator.ledger.damaged_keys import damaged_keys
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld

LOOKS = 12
DAMAGE = (Situation.DAMAGED, Situation.DAMAGED_PLAN_KEY)


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    world.started("p", ["acme", "birch"], max_concurrency=1)
    return world


def test_events_that_are_written_meanwhile_are_no_damage(
    world: LedgerWorld, client: Client, settings: Settings
) -> None:
    done = threading.Event()

    def write() -> None:
        with Client(settings) as own:
            while not done.is_set():
                own.pause(task_id="p.1")
                own.resume(task_id="p.1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        before = int(world.client.get(world.keys.of("seq")) or 0)
        for _ in range(LOOKS):
            assert damaged_keys(world.client, world.keys) == []
            assert world.reader.damaged_plans() == []
            assert world.reader.plan_keys.damaged("p") == []
            assert [one for one in client.explain(plan_id="p").remarks if one.situation in DAMAGE] == []
        assert int(world.client.get(world.keys.of("seq")) or 0) > before
    finally:
        done.set()
        writer.join()


def test_a_plan_whose_purge_is_under_way_has_no_damaged_tasks(world: LedgerWorld) -> None:
    # As after its first step, which takes the record.
    world.client.delete(world.keys.of("plan", "p"), world.keys.of("task", "p.0"))
    world.client.srem(world.keys.of("active"), "p")
    assert list(world.reader.damaged_tasks("p", 0, 2)) == []
    assert world.reader.damaged_plans() == []
    assert world.reader.wrong_with_plan("p") == ""
