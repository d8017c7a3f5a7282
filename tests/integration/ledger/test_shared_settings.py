"""Scripts go by what the coordinators wrote into the ledger, never by the settings of whoever calls them."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.shared_settings import BUILT_IN, differences, shared_settings
from orchestrator.settings.kept_data import CheckpointSettings
from orchestrator.settings.model import Settings
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.since import Since

OTHERS: dict[str, Any] = {
    **{"lease_seconds": 77.0, "heartbeat_seconds": 500.0, "max_retry": 99, "max_recoveries": 0, "feed_max_length": 1},
    "checkpoint": CheckpointSettings(ttl_seconds=1.0),
}


@pytest.fixture
def other(world: LedgerWorld) -> Ledger:
    """The ledger as somebody has it whose shell says something else."""
    return Ledger(world.client, world.settings.model_copy(update=OTHERS))


def test_a_shell_cannot_change_a_refusal(world: LedgerWorld, other: Ledger) -> None:
    (task,) = world.started("p", ["a"])
    for _ in range(3):
        world.break_stage(task)
        assert world.ask("retry", task).answer == "ACCEPTED"
        world.serve("p")
    world.break_stage(task)
    reply = Operations(other).on_task("retry", task, ME)  # type: ignore[arg-type]
    assert (reply.answer, reply.why) == ("REFUSED", "max-retry")


def test_a_shell_cannot_cut_the_feed_nor_a_lease(world: LedgerWorld, other: Ledger) -> None:
    tasks = world.started("p", [f"t{i}" for i in range(300)], max_concurrency=300)
    feed = world.keys.of("feed")
    before = world.client.xlen(feed)
    elsewhere = world.on(other)
    since = Since(world.reader.now_ms)
    assert elsewhere.begin(tasks[0]) == "BEGUN"
    elsewhere.ask("pause", "p")
    assert world.client.xlen(feed) >= before
    assert since.waits(world.client.zscore(world.keys.of("leases_running"), tasks[0]), 10_000)
    world.expire("leases_running", tasks[0])
    # Nor call a recovery the last one.
    Sweeper(other, lambda _: None).sweep()
    assert "TaskRecovered" in world.kinds(task_id=tasks[0])


def test_before_the_first_coordinator_the_built_in_defaults_hold(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings)
    world.client.delete(world.keys.of("settings"))
    since = Since(world.reader.now_ms)
    (task,) = world.on(Ledger(redis_client, settings.model_copy(update=OTHERS))).started("p", ["a"])
    assert BUILT_IN["LEASE_MS"] == 10_000
    assert since.waits(world.client.zscore(world.keys.of("leases_queued"), task), 10_000)


def test_what_coordinators_write_holds_for_all(world: LedgerWorld, other: Ledger) -> None:
    other.announce()
    since = Since(world.reader.now_ms)
    (task,) = world.started("p", ["a"])
    assert since.waits(world.client.zscore(world.keys.of("leases_queued"), task), 77_000)
    assert world.reader.shared_settings() == other.own_settings


@pytest.mark.parametrize("garbage", ["many", "-1", "1e3", "1e999", "nan", "", "9" * 16])
def test_garbage_is_the_default(world: LedgerWorld, garbage: str) -> None:
    world.client.hset(world.keys.of("settings"), mapping=dict.fromkeys(BUILT_IN, garbage))
    since = Since(world.reader.now_ms)
    (task,) = world.started("p", ["a"])
    assert since.waits(world.client.zscore(world.keys.of("leases_queued"), task), 10_000)


def test_an_emptied_ledger_gets_them_again(world: LedgerWorld) -> None:
    world.client.delete(world.keys.of("settings"))
    world.sweeper.sweep()
    assert world.reader.shared_settings() == shared_settings(world.settings)


def test_what_a_hand_has_damaged_is_what_the_coordinators_have_again(world: LedgerWorld) -> None:
    """But not what another that started later has said."""
    own = Ledger(world.client, world.settings.model_copy(update=OTHERS | {"groups": {"db": 3, "rack": 4}}))
    own.announce()
    key, events = world.keys.of("settings"), world.now()
    world.client.hset(key, mapping={"LEASE_MS": "abc", "HEARTBEAT_MS": "1.5", "GROUP:db": "1e3", "MAX_RECOVERIES": "7"})
    world.client.hdel(key, "MAX_RETRY", "GROUP:rack")
    Sweeper(own, lambda _: None).sweep()
    said_later = {"MAX_RECOVERIES": 7}
    without = {name: value for name, value in own.own_settings.items() if name != "GROUP:rack"}
    assert world.reader.shared_settings() == without | said_later | {"NEEDS": world.reader.needed_format()}
    assert world.now() == events


def test_differences_are_told_in_a_persons_words() -> None:
    mine = BUILT_IN | {"MAX_RETRY": 99, "LEASE_MS": 1500}
    assert differences(mine, BUILT_IN) == ["lease_seconds 1.5, not 10", "max_retry 99, not 3"]
    assert differences(BUILT_IN, {}) == []
    assert differences({}, BUILT_IN) == []
