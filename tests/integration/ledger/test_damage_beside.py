"""Damage to what many share, heartbeats, tenants, counters, drafts, ended plans, stops nobody else (I19)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.coordinator.retention import Retention
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.presence import forget_gone
from orchestrator.ledger.purges import Purges
from orchestrator.settings.model import Settings
from tests.support.coordinating import Coordinating
from tests.support.ledger_world import LedgerWorld, config
from tests.support.waiting import wait_until

Hand = Callable[[LedgerWorld], object]


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """Its ledger is damaged on purpose: what must hold is what the tests say."""
    return LedgerWorld(redis_client, settings)


def plan_key(world: LedgerWorld) -> str:
    return world.keys.of("plan", "bad")


def as_text(world: LedgerWorld, key: str) -> None:
    world.client.delete(key)
    world.client.set(key, "garbage")


BEATS: dict[str, Hand] = {
    "a heartbeat that is no number": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "beatAt", "x"),
    "a due time that is no number": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "queuedAt", "x"),
    "a number of events that is none": lambda world: world.client.hset(plan_key(world), "planSeq", "garbage"),
    "a log that is none": lambda world: as_text(world, world.keys.of("log", "bad")),
}


@pytest.mark.parametrize("waits", [False, True], ids=["renewed", "held"])
@pytest.mark.parametrize("hand", BEATS.values(), ids=BEATS.keys())
def test_a_heartbeat_that_cannot_be_written_costs_no_other_its_lease(
    world: LedgerWorld, hand: Hand, waits: bool
) -> None:
    for plan in ("bad", "good"):
        world.started(plan, [plan])
        assert world.begin(f"{plan}.0") is Begun.BEGUN
        if waits:
            world.poll(f"{plan}.0", 0)
        world.client.hset(world.keys.of("task", f"{plan}.0"), "beatAt", 1)
    turns = [world.turn("bad.0"), world.turn("good.0")]
    hand(world)
    with capture_logs():
        if waits:
            world.ledger.hold(turns)
        else:
            world.expire("leases_running", "good.0")
            assert turns[1] not in world.ledger.renew(turns)
            assert (world.client.zscore(world.keys.of("leases_running"), "good.0") or 0) > world.reader.now_ms()
    assert int(world.task("good.0")["beatAt"]) > 1
    # A log that cannot be written makes no gap in what everybody else reads.
    feed = [event.sequence_id for event in world.events()]
    assert feed == list(range(1, len(feed) + 1))


@pytest.mark.parametrize("kind", ["tenant", "line"])
def test_a_damaged_tenant_stops_no_other_of_its_plan_and_no_other_line(world: LedgerWorld, kind: str) -> None:
    coordinating = Coordinating(world)
    world.started("holder", ["a", "b"], max_concurrency=2)
    world.plan("p", ["a", "b", "c"], max_concurrency=3)
    coordinating.settle()
    assert world.status("p.2") == "RUNNING"
    as_text(world, world.keys.of(kind, "a"))
    world.client.hdel(world.keys.of("tenant", "b"), "holder")
    with capture_logs():
        for _ in range(3):
            coordinating.look()
            world.sweeper.sweep()
            coordinating.settle()
    assert world.holder("b") == "p.1"


@pytest.mark.parametrize(
    "hand",
    [
        lambda world: world.client.set(world.keys.of("counters"), "garbage"),
        lambda world: world.client.hset(world.keys.of("counters"), "event:TaskStarted", "x"),
    ],
)
def test_what_only_counts_stops_nothing(world: LedgerWorld, hand: Hand) -> None:
    world.client.delete(world.keys.of("counters"))
    hand(world)
    (task,) = world.started("p", ["a"])
    assert world.finish(task) is Ended.COMPLETED


def test_two_never_go_on_with_one_tenant_whose_record_was_lost(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    world.started("p", ["a"])
    assert world.begin("p.0") is Begun.BEGUN
    world.client.delete(world.keys.of("tenant", "a"))
    world.plan("q", ["a"])
    coordinating.settle()
    assert world.holder("a") == "q.0"
    with capture_logs():
        assert world.turn("p.0") in world.ledger.renew([world.turn("p.0")])
        assert world.succeed("p.0") is Ended.STALE
        assert world.begin("p.0") is Begun.STALE
        coordinating.reconcile()
    failure = world.task("p.0")["failure"]
    assert "TenantLost" in failure
    assert "q.0 holds the tenant now" in failure
    assert world.status("q.0") == "RUNNING"
    assert world.finish("q.0") is Ended.COMPLETED


DRAFTS: dict[str, Hand] = {
    "task": lambda world: as_text(world, world.keys.of("task", "bad.0")),
    "tenant": lambda world: as_text(world, world.keys.of("tenant", "bad")),
    "plan": lambda world: as_text(world, world.keys.of("plan", "bad")),
    "log": lambda world: as_text(world, world.keys.of("log", "bad")),
    "written": lambda world: world.client.hset(plan_key(world), "written", "x"),
}


@pytest.mark.parametrize("hand", DRAFTS.values(), ids=DRAFTS.keys())
def test_a_damaged_draft_keeps_no_other(world: LedgerWorld, hand: Hand) -> None:
    for plan in ("bad", "good"):
        world.open(plan, 2)
        world.ledger.write_chunk(plan, "d", 0, [(plan, config(plan, plan))])
    hand(world)
    wait_until(
        lambda: world.ledger.call("abandon_draft", 1, 100) and not world.client.zcard(world.keys.of("drafts")), 10
    )


ENDED: dict[str, Hand] = {
    **DRAFTS,
    "planSeq": lambda world: world.client.hset(plan_key(world), "planSeq", "x"),
    "presence": lambda world: world.client.hset(world.keys.of("presence"), "junk", "junk"),
    "an entry of presence": lambda world: world.client.hset(world.keys.of("presence"), "worker:h:1", "{}"),
}


@pytest.mark.parametrize("hand", ENDED.values(), ids=ENDED.keys())
def test_a_damaged_plan_that_has_ended_keeps_no_other(world: LedgerWorld, hand: Hand) -> None:
    for plan in ("bad", "good"):
        world.started(plan, [plan])
        world.finish(f"{plan}.0")
    hand(world)
    keys = world.keys
    retention = Retention(Purges(world.ledger), world.reader, 0, None, lambda: forget_gone(world.client, keys))
    with capture_logs():
        for _ in range(3):
            retention.step()
    assert not world.client.exists(keys.of("plan", "good"), keys.of("task", "good.0"))
    assert world.client.hlen(keys.of("presence")) == 0
