"""A move that the table does not have (a fault of ours) is refused beside others that go on: what is kept of the
refused task stays, so that once the row is back it goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from structlog.testing import capture_logs

from orchestrator.domain.errors import BadMove
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.fleet.rules import FleetRules
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.table_steps import FORCE, SCRATCH, leave_to_chunks
from tests.support.whole_table import WHOLE, Row, without

OF_WAIT: Final = ("ticket", "waitingSince", "frozenTold", "groupTold", "overtaken", "rank")
PLANS: Final = ("p", "q", "r")


def lacks(world: LedgerWorld, row: Row) -> LedgerWorld:
    return world.on(Ledger(world.client, world.settings, without(WHOLE, row)))


def submit_three(world: LedgerWorld) -> None:
    for plan_id in PLANS:
        world.started(plan_id, ["a", f"of-{plan_id}"], max_concurrency=2, stages=["one"])


def moves(world: LedgerWorld) -> None:
    """Three wait for the tenant in the order of their plans, and it comes free."""
    world.started("holder", ["a"], stages=["one"])
    submit_three(world)
    world.finish("holder.0")


def rollbacks(world: LedgerWorld) -> None:
    for plan_id in PLANS:
        world.done(plan_id, "a", f"of-{plan_id}", max_concurrency=2, stages=["one"])
    world.started("holder", ["a"], stages=["one"])
    for plan_id in PLANS:
        world.ask("rollback", f"{plan_id}.0", FORCE)
        world.serve(plan_id)
    world.break_stage("holder.0")


def retry(world: LedgerWorld) -> None:
    """What it would do was undone by another: it is given up."""
    world.started("p", ["a", "of-p"], max_concurrency=2, stages=["one"])
    world.break_stage("p.0")
    world.started("holder", ["a"], stages=["one"])
    world.ask("retry", "p.0", SCRATCH)
    world.serve("p")
    world.finish("holder.0")


WAITS: Final[dict[str, tuple[Callable[[LedgerWorld], None], Row]]] = {
    "of moves": (moves, ("task", "PENDING", "admit")),
    "of rollbacks": (rollbacks, ("task", "COMPLETED", "roll_back")),
    "of one that is given up": (retry, ("task", "PENDING", "cancel")),
}


def kept(world: LedgerWorld) -> dict[str, dict[str, str]]:
    records = {plan_id: world.task(f"{plan_id}.0") for plan_id in PLANS if world.reader.plan_record(plan_id)}
    return {plan_id: {name: one[name] for name in OF_WAIT if name in one} for plan_id, one in records.items()}


@pytest.mark.parametrize("of_whom", mostly_long(WAITS, "of moves"))
def test_a_refused_admission_keeps_the_order_of_first_wait(world: LedgerWorld, of_whom: str) -> None:
    make, row = WAITS[of_whom]
    make(world)
    before, since = kept(world), world.now()
    assert all("ticket" in one and "waitingSince" in one for one in before.values())
    less = lacks(world, row)
    with capture_logs() as logs:
        for plan_id in before:
            less.admit(plan_id)
    assert len([log for log in logs if log.get("action") == "bad-move"]) == len(before)
    assert kept(world) == before
    # The row is back: whoever is looked at first has the tenant, the others wait in their old order.
    for plan_id in reversed(before):
        world.serve(plan_id)
    if len(before) > 1:
        world.finish("r.0")
        world.serve("q")
        world.coordinate()
        assert [world.status(f"{plan_id}.0") in TASK_ACTIVE for plan_id in ("p", "q")] == [True, False]
    assert "TaskWaiting" not in world.kinds(since)


@pytest.mark.parametrize("count", mostly_long([2, 22], 22))
def test_a_plan_resumed_without_the_row_of_its_tasks_stays_as_it_is(world: LedgerWorld, count: int) -> None:
    tasks = world.started("p", [f"t{at}" for at in range(count)], max_concurrency=count, stages=["one", "two"])
    world.ask("pause", "p")
    assert {world.begin(task) for task in tasks} == {Begun.PAUSED}
    row = ("task", "PAUSED", "resume")
    before = world.state()
    with pytest.raises(BadMove, match=r"which is PAUSED, resume"):
        lacks(world, row).ask("resume", "p")
    assert world.state() == before
    world.ask("resume", "p")
    if count > 20:
        before = world.state()
        with pytest.raises(BadMove, match=r"which is PAUSED, resume"):
            lacks(world, row).operations.resume_chunk("p", 100)
        assert world.state() == before
    assert world.serve("p") == tasks


def failed(world: LedgerWorld) -> str:
    for task_id in world.started("p", "ab", max_concurrency=2, stages=["one"]):
        world.break_stage(task_id)
    leave_to_chunks(world)
    return "retry_chunk"


def moved(world: LedgerWorld) -> str:
    world.done("p", "a", "b", max_concurrency=2, stages=["one"])
    world.ask("rollback", "p")
    return "rollback_chunk"


@pytest.mark.parametrize(
    ("make", "row"), [(failed, ("task", "FAILED", "retry")), (moved, ("task", "COMPLETED", "roll_back"))]
)
def test_what_is_asked_in_chunks_waits_for_the_row(
    world: LedgerWorld, make: Callable[[LedgerWorld], str], row: Row
) -> None:
    chunk = make(world)
    before = world.state()
    with pytest.raises(BadMove, match=f"which is {row[1]}, {row[2]}"):
        lacks(world, row).ledger.call(chunk, "p", 100)
    assert world.state() == before
    assert sorted(world.serve("p")) == ["p.0", "p.1"]


def test_a_refused_admission_uses_up_no_ticket(world: LedgerWorld) -> None:
    """Of one that would go before those that wait, by its priority."""
    world.started("holder", ["a"], stages=["one"])
    world.started("low", ["a"], stages=["one"])
    world.plan("high", ["a"], stages=["one"], rules=FleetRules(1, pace=StartRules(priority=1)))
    world.finish("holder.0")
    world.admit("high", 0)
    before = world.client.hget(world.keys.of("meta"), "ticket")
    with capture_logs():
        lacks(world, ("task", "PENDING", "admit")).admit("high")
    assert world.client.hget(world.keys.of("meta"), "ticket") == before
    assert world.serve("high") == ["high.0"]
    assert int(world.client.hget(world.keys.of("meta"), "ticket") or 0) == int(before or 0) + 1
