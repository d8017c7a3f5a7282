"""`explain` names a circle of tasks that wait for each other: made by hand, since admission lets none come about."""

from __future__ import annotations

import pytest

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.waiting_circle import circle_from
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Begun
from tests.support.ledger_world import LedgerWorld

FORCE = Order("ada", "because", force=True)


@pytest.fixture
def facing(world: LedgerWorld) -> LedgerWorld:
    """Two plans of one slot: the rollback at the head of each wants the tenant that the other's resumed task holds."""
    for plan_id, tenants in (("p1", ["b", "a"]), ("p2", ["a", "b"])):
        world.plan(plan_id, tenants, max_concurrency=1)
    for plan_id in ("p1", "p2"):
        world.serve(plan_id)
        world.finish(f"{plan_id}.0")
    for plan_id in ("p1", "p2"):
        assert world.serve(plan_id) == [f"{plan_id}.1"]
        world.ask("pause", plan_id)
        assert world.begin(f"{plan_id}.1") is Begun.PAUSED
    for plan_id in ("p1", "p2"):
        world.ask("rollback", f"{plan_id}.0", FORCE)
        world.ask("resume", plan_id)
    return world


TASKS = ("p1.0", "p1.1", "p2.0", "p2.1")


def test_what_admission_lets_go_is_no_circle(facing: LedgerWorld) -> None:
    assert [circle_from(facing.reader, task_id) for task_id in TASKS] == [[], [], [], []]


def test_a_circle_is_named_with_every_step(facing: LedgerWorld) -> None:
    resumed = {f"{plan_id}.1": facing.task(f"{plan_id}.1")["rank"] for plan_id in ("p1", "p2")}
    for task_id, rank in resumed.items():
        facing.client.zadd(facing.keys.of("queue", task_id[:2]), {task_id: float(rank) + 5e11})

    steps = [
        "p1.0 waits for tenant b, which p2.1 holds",
        "p2.1 waits behind p2.0 in plan p2, which has one slot",
        "p2.0 waits for tenant a, which p1.1 holds",
        "p1.1 waits behind p1.0 in plan p1, which has one slot",
    ]
    assert circle_from(facing.reader, "p1.0") == steps
    assert [set(circle_from(facing.reader, task_id)) for task_id in TASKS] == [set(steps)] * 4
    (said,) = [
        remark
        for remark in Explainer(facing.ledger, facing.reader, facing.settings).task("p1.0").remarks
        if remark.situation == Situation.CIRCLE
    ]
    assert f"it waits in a circle that does not end by itself: {'; '.join(steps)}; " in said.sentence
    assert said.commands == ["changeover cancel --task p1.0"]

    # As it was, for the check of the whole ledger.
    for task_id, rank in resumed.items():
        facing.client.zadd(facing.keys.of("queue", task_id[:2]), {task_id: float(rank)})


def test_a_chain_that_ends_at_a_running_or_paused_task_is_no_circle(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.plan("p", ["a", "b"], max_concurrency=1)
    world.serve("p")
    assert circle_from(world.reader, "p.1") == []
    world.ask("pause", holder)
    world.begin(holder)
    assert circle_from(world.reader, "p.1") == []
