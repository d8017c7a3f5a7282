"""A damaged plan, task, wake or key of the ledger stops nobody else (I19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.ledger.connection import connect
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.settings.model import Settings
from tests.support.coordinating import Coordinating
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place

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


HANDS: dict[str, Hand] = {
    "no record": lambda world: world.client.delete(plan_key(world)),
    "no hash": lambda world: as_text(world, plan_key(world)),
    "no status": lambda world: world.client.hdel(plan_key(world), "status"),
    "a status of nobody": lambda world: world.client.hset(plan_key(world), "status", "garbage"),
    "slots that are no number": lambda world: world.client.hset(plan_key(world), "max", "garbage"),
    "a total that is no number": lambda world: world.client.hset(plan_key(world), "total", "garbage"),
    "stages that are no number": lambda world: world.client.hset(plan_key(world), "stages", "garbage"),
    "a counter that is no number": lambda world: world.client.hset(plan_key(world), "n:RUNNING", "garbage"),
    "no names of stages": lambda world: world.client.hdel(plan_key(world), "stage:0", "stage:1", "stage:2"),
    "no spec": lambda world: world.client.delete(world.keys.of("spec", "bad")),
    "a queue that is none": lambda world: as_text(world, world.keys.of("queue", "bad")),
    "slots that are no set": lambda world: as_text(world, world.keys.of("slots", "bad")),
    "a log that is none": lambda world: as_text(world, world.keys.of("log", "bad")),
    "a task that is none": lambda world: as_text(world, world.keys.of("task", "bad.0")),
    "a task without fields": lambda world: world.client.delete(world.keys.of("task", "bad.0")),
    "a stage that is no number": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "stage", "garbage"),
    "a task's state of nobody": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "status", "garbage"),
    "a next task without fields": lambda world: world.client.delete(world.keys.of("task", "bad.2")),
    "no config": lambda world: world.client.delete(world.keys.of("config", "bad.0")),
}


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_a_damaged_plan_stops_no_other(world: LedgerWorld, hand: Hand) -> None:
    coordinating = Coordinating(world)
    # The damaged one comes first wherever plans come in order.
    world.plan("bad", ["a", "b", "c"], max_concurrency=2)
    world.plan("good", ["d", "e", "f"], max_concurrency=2)
    coordinating.settle()
    assert world.begin("bad.0") is Begun.BEGUN
    assert world.begin("good.0") is Begun.BEGUN
    begun = [world.turn("bad.0"), world.turn("good.0")]
    hand(world)
    # Whoever renews in one call for a damaged task and others keeps the others.
    assert begun[1] not in world.ledger.renew(begun)
    for task_id in ("bad.0", "good.0"):
        world.expire("leases_running", task_id)
    for task_id in ("bad.1", "good.1"):
        world.expire("leases_queued", task_id)
    with capture_logs():
        world.published.clear()
        world.sweeper.sweep()
        world.sweeper.sweep()
        assert {"good.0", "good.1"} <= {task.task_id for task in world.published}
        world.begin("good.0")
        assert world.finish_turn("good.0") is Ended.COMPLETED
        for _ in range(3):
            coordinating.look()
            coordinating.settle()
        assert world.status("good.2") == "RUNNING"
        for task_id in ("good.1", "good.2"):
            assert world.finish(task_id) is Ended.COMPLETED
        coordinating.settle()
        for _ in range(20):
            coordinating.reconcile()
    assert world.status("good") == "COMPLETED"


def test_a_plan_whose_record_is_gone_is_taken_out_with_what_it_held(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    world.plan("bad", ["a", "b", "c"], max_concurrency=2)
    world.plan("good", ["a", "d"], max_concurrency=2)
    coordinating.settle()
    assert world.line("a") == ["good.0"]
    world.client.delete(plan_key(world))
    # Nothing wakes it: the slow walk over the active plans finds it.
    with capture_logs() as logs:
        coordinating.look()
        coordinating.settle()
    assert [line["tenantsFreed"] for line in logs if line.get("action") == "plan-lost"] == [["a", "b"]]
    assert "bad" not in world.reader.active_plans()
    assert world.holder("a") == "good.0"
    assert world.holder("b") is None
    for kind in ("queue", "slots", "plan"):
        assert not world.client.exists(world.keys.of(kind, "bad"))
    for kind in ("leases_queued", "leases_running"):
        assert not [task for task in world.client.zrange(world.keys.of(kind), 0, -1) if str(task).startswith("bad")]
    # Nothing of it is left that a plan of the same id could meet; which goes on counting where this one stopped.
    left = {str(key).removeprefix(world.keys.root) for key in world.client.keys("*") if "bad" in str(key)}
    assert left == {"plan-seq:bad"}
    seen = max(event.plan_sequence_id for event in world.events() if event.plan_id == "bad")
    world.plan("bad", ["b"])
    assert min(event.plan_sequence_id for event in world.reader.events("bad", 0)) == seen + 1
    world.ask("cancel", "bad")
    coordinating.settle()
    # Done once.
    with capture_logs() as logs:
        for _ in range(3):
            coordinating.look()
    assert not [line for line in logs if line.get("action") == "plan-lost"]


def test_a_large_lost_plan_goes_in_bounded_steps(world: LedgerWorld) -> None:
    world.plan("bad", [f"t{i}" for i in range(250)], max_concurrency=150)
    world.serve("bad")
    world.client.delete(plan_key(world))
    position, freed, steps = 0, 0, 0
    while position >= 0:
        position, tenants = world.ledger.lose_plan("bad", position, 100)
        assert len(tenants) <= 100
        freed, steps = freed + len(tenants), steps + 1
    assert (freed, steps) == (150, 4)
    assert world.ledger.lose_plan("bad", 0, 100) == (-1, [])


def test_a_plan_with_a_record_is_never_taken_out(world: LedgerWorld) -> None:
    world.started("p", ["a"])
    before = world.dump()
    assert world.ledger.lose_plan("p", 0, 100) == (-1, [])
    assert world.dump() == before


@pytest.mark.parametrize("entry", [{"nothing": "of ours"}, {"plan": "nobody"}, {"task": "garbage"}, {"task": "good.0"}])
def test_a_wake_that_is_garbage_stops_no_other(world: LedgerWorld, entry: dict[Any, Any]) -> None:
    coordinating = Coordinating(world)
    coordinating.round()
    world.client.hset(world.keys.of("task", "garbage"), mapping={"status": "RUNNING", "lease": "queued", "stage": "x"})
    world.client.xadd(world.keys.of("inbox"), entry)
    world.plan("good", ["a"])
    with capture_logs():
        coordinating.settle()
    assert world.status("good.0") == "RUNNING"
    assert world.client.xlen(world.keys.of("inbox")) == 0


def test_a_wake_that_is_no_text_stops_no_other(
    world: LedgerWorld, redis_client: redis.Redis, place: Place, settings: Settings
) -> None:
    # As a coordinator connects.
    with connect(place.redis_url, patient=True) as client:
        coordinating = Coordinating(LedgerWorld(client, settings))
        redis_client.xadd(world.keys.of("inbox"), {b"\xff": b"\xfe", b"task": b"\xfe.0"})
        world.plan("good", ["a"])
        coordinating.settle()
    assert world.status("good.0") == "RUNNING"
    assert redis_client.xlen(world.keys.of("inbox")) == 0


def test_an_inbox_that_is_no_stream_costs_promptness_only(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    world.plan("good", ["a"])
    as_text(world, world.keys.of("inbox"))
    with capture_logs() as logs:
        coordinating.settle()
    assert world.status("good.0") == "RUNNING"
    assert [line["what"] for line in logs if line.get("action") == "passed-by"] == ["the inbox"]


def test_what_failed_is_left_alone_ever_longer_and_goes_on_when_mended(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    world.plan("bad", ["a"])
    world.client.hset(plan_key(world), "max", "garbage")
    with capture_logs() as logs:
        for _ in range(30):
            coordinating.look()
    # 60 s of its clock, in which it was tried at once and after 1, 2, 4, 8, 16 s, at the next look.
    assert sum(line.get("action") == "passed-by" for line in logs) == 6
    world.client.hset(plan_key(world), "max", 1)
    coordinating.seconds += 60.0
    coordinating.look()
    assert world.status("bad.0") == "RUNNING"


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_a_damaged_waiter_keeps_no_tenant_from_those_behind_it(world: LedgerWorld, hand: Hand, slots: int) -> None:
    coordinating = Coordinating(world)
    world.plan("other", ["a"])
    coordinating.settle()
    world.plan("bad", ["a", "b", "c", "d"], max_concurrency=slots)
    coordinating.settle()
    world.plan("good", ["a", "x"], max_concurrency=2)
    coordinating.settle()
    assert world.line("a") == ["bad.0", "good.0"]
    assert world.begin("other.0") is Begun.BEGUN
    hand(world)
    with capture_logs():
        assert world.finish_turn("other.0") is Ended.COMPLETED
        for _ in range(3):
            coordinating.look()
            coordinating.settle()
            world.sweeper.sweep()
    assert world.status("other") == "COMPLETED"
    # By right, where the hand has left it what it was.
    assert world.holder("a") in ("bad.0", "good.0")
