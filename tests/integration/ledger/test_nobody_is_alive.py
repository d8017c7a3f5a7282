"""Every process is gone, and with them the ledger's clock stands still: who is alive is judged by presence."""

from __future__ import annotations

import pytest

from orchestrator.control.explain import Explainer
from orchestrator.control.explain import Situation as S
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import LANE, aged, on, staffed, started
from tests.support.table_steps import Do, ask, then

WORKER = "which gave its last sign 51 s ago"
GONE = "1 ran on workers that are gone or have signed off"
NOBODY = [S.NO_WORKER, S.NO_COORDINATOR]


def runs(world: LedgerWorld) -> None:
    world.begin("p.0")
    world.client.hset(world.keys.of("task", "p.0"), "worker", "w:2/delivery")


def gone(world: LedgerWorld) -> None:
    """A worker and a coordinator, of which nobody has said anything for a while."""
    staffed()(world)
    for name in ("coordinator:c:1", "worker:w:2"):
        aged(world, name, 51)


def said(world: LedgerWorld, target: str) -> list[tuple[str, str]]:
    explainer = Explainer(world.ledger, world.reader, world.settings)
    found = explainer.task(target) if "." in target else explainer.plan(target)
    return [(one.situation, one.sentence) for one in found.remarks]


POLLS = then(started("p", "a"), on("begin", "p.0"), on("poll", "p.0", 60.0))
CASES: dict[str, tuple[Do, S, str]] = {
    "runs": (
        then(started("p", "a"), runs),
        S.WORKER_LOST,
        f"stage one (1 of 3) ran on worker w:2, {WORKER}; a coordinator takes it over once its lease has run out, "
        "and it goes on elsewhere",
    ),
    "polls": (POLLS, S.BETWEEN_POLLS, "stage one (1 of 3) is between polls, next when somebody is alive"),
    "waits": (started("p", "a"), S.WAITS_FOR_WORKER, "stage one (1 of 3) waits for a worker"),
}


@pytest.mark.parametrize(("make", "situation", "sentence"), CASES.values(), ids=CASES)
def test_what_was_under_way_is_not_told_to_go_on(world: LedgerWorld, make: Do, situation: S, sentence: str) -> None:
    make(world)
    staffed()(world)
    assert not {one for one, _ in said(world, "p.0")} & {S.WORKER_LOST, *NOBODY}
    gone(world)
    (first, *others) = said(world, "p.0")
    assert first == (situation, sentence)
    assert sorted(others) == [
        (S.NO_COORDINATOR, "no coordinator is alive (coordinator c:1 gave its last sign 51 s ago)"),
        (S.NO_WORKER, f"no worker consumes queue {LANE} (worker w:2 gave its last sign 51 s ago)"),
    ]
    plan = dict(said(world, "p"))
    assert set(NOBODY) <= set(plan)
    told = {S.WORKER_LOST: GONE, S.BETWEEN_POLLS: "1 are between polls"}
    assert plan[S.STAGE_RUNS] == told.get(situation, "1 wait for a worker")
    if situation is S.WORKER_LOST:
        assert f"1 ran on worker w:2, {WORKER}; a coordinator takes them over" in plan[S.WORKER_LOST]


def test_a_worker_that_was_told_to_stop_as_all_else_may_still_end_its_stage(world: LedgerWorld) -> None:
    then(started("p", "a"), runs, staffed())(world)
    world.client.delete(world.keys.of("presence"))  # Each takes its own entry out; a worker before it ends its stages.
    left = "ran on worker w:2, which has signed off or is gone: it ends its"
    lease = "once its lease has run out, and it goes on elsewhere"
    assert said(world, "p.0") == [
        (S.WORKER_LOST, f"stage one (1 of 3) {left} stage if it still runs; a coordinator takes it over {lease}"),
        (S.NO_WORKER, f"no worker consumes queue {LANE}"),
        (S.NO_COORDINATOR, "no coordinator is alive"),
    ]
    plan = dict(said(world, "p"))
    assert plan[S.STAGE_RUNS] == GONE
    assert f"1 {left} stages if it still runs; a coordinator takes them over once" in plan[S.WORKER_LOST]


def test_a_worker_that_is_gone_beside_one_that_lives(world: LedgerWorld) -> None:
    then(started("p", "a"), runs, gone, staffed())(world)
    aged(world, "worker:w:2", 51)
    world.ledger.call("beat", "worker:w:3", f'["{LANE}"]', 0, "{}", 8, "{}")
    assert [situation for situation, _ in said(world, "p.0")] == [S.WORKER_LOST]


@pytest.mark.parametrize(
    ("make", "target"),
    [
        (then(started("p", "a b", max_concurrency=1), ask(operation, "p")), "p.1")
        for operation in ("pause", "cancel", "rollback")
    ]
    + [(lambda world: world.open("p", 3), "p")],
    ids=["paused", "cancelled", "rolled back", "draft"],
)
def test_who_waits_is_told_that_nobody_comes(world: LedgerWorld, make: Do, target: str) -> None:
    then(make, gone)(world)
    assert S.NO_COORDINATOR in dict(said(world, target))
