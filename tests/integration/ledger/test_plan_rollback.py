"""Plans that go back whole, that run again for one of their tasks, and how they end."""

from __future__ import annotations

import pytest

from orchestrator.ledger.outcomes import Ended
from tests.support.ledger_world import LedgerWorld


def test_plans_go_back_one_after_the_other_the_newest_first(world: LedgerWorld) -> None:
    (first,) = world.done("first", "a")
    (second,) = world.done("second", "a")
    assert world.ask("rollback", first).why == "moved"
    for plan_id, task in (("second", second), ("first", first)):
        assert world.ask("rollback", plan_id).answer == "ACCEPTED"
        assert world.serve(plan_id) == [task]
        assert world.finish(task) is Ended.ROLLED_BACK
        assert world.status(plan_id) == "ROLLED_BACK"


def test_a_plan_goes_back_whole_the_newest_first(world: LedgerWorld) -> None:
    completed, paused, running, *untouched = world.started("p", list("abcde"), max_concurrency=3)
    world.finish(completed)
    world.ask("pause", paused)
    world.begin(paused)
    world.begin(running)
    world.serve("p")
    since = world.now()
    assert world.ask("rollback", "p").answer == "ACCEPTED"
    world.serve("p")
    asked = [e.target_id for e in world.events(since) if e.type == "OperationRequested" and e.target_type == "task"]
    assert asked == [running, completed]
    assert world.status(paused) == "CANCELLED"
    # Admitted and not begun: it is given up at its boundary, as it has touched nothing.
    assert [world.begin(task_id) for task_id in untouched] == ["CANCELLED", "CANCELLED"]
    assert world.succeed(running) is Ended.ROLLING_BACK
    world.serve("p")
    for task_id in (running, completed):
        assert world.finish(task_id) is Ended.ROLLED_BACK
    assert world.status("p") == "ROLLED_BACK"
    assert world.kinds(since)[-1] == "PlanRolledBack"


def test_a_plan_that_could_not_go_back_says_so_and_can_be_asked_again(world: LedgerWorld) -> None:
    good, bad = world.done("p", "a", "b")
    world.ask("rollback", "p")
    world.serve("p")
    world.finish(good)
    world.break_stage(bad)
    assert world.status("p") == "ROLLBACK_FAILED"
    assert world.ask("rollback", "p").answer == "ACCEPTED"
    assert world.serve("p") == [bad]
    world.finish(bad)
    assert world.status("p") == "ROLLED_BACK"


def test_a_plan_whose_tenant_was_moved_since_is_not_called_rolled_back(world: LedgerWorld) -> None:
    kept, back = world.done("p", "a", "b")
    world.done("other", "a")
    world.ask("rollback", "p")
    assert world.serve("p") == [back]
    world.finish(back)
    assert (world.status(kept), world.status("p")) == ("COMPLETED", "ROLLBACK_FAILED")


def test_pausing_ends_when_the_last_running_task_turns_around(world: LedgerWorld) -> None:
    turning, _ = world.started("p", ["a", "b"], max_concurrency=1)
    world.begin(turning)
    world.ask("rollback", turning)
    world.ask("pause", "p")
    assert world.status("p") == "RUNNING"
    world.succeed(turning)
    assert world.status("p") == "PAUSED"
    world.finish(turning)
    assert world.serve("p") == []
    world.ask("resume", "p")
    assert world.serve("p") == ["p.1"]


def test_a_paused_plan_ends_when_its_last_open_rollback_is_withdrawn(world: LedgerWorld) -> None:
    first, last = world.started("p", ["a", "b"], stages=["one"])
    world.finish(first)
    world.started("other", ["a"])
    world.ask("rollback", first)
    world.serve("p")
    world.begin(last)
    world.ask("pause", "p")
    assert world.succeed(last) is Ended.COMPLETED
    assert world.status("p") == "PAUSED"
    world.ask("cancel", first)
    assert world.status("p") == "COMPLETED"


@pytest.mark.parametrize("operation", ["retry", "rollback"])
def test_an_ended_plan_runs_again_with_its_task_and_ends_again(world: LedgerWorld, operation: str) -> None:
    fine, broken = world.started("p", ["a", "b"])
    world.finish(fine)
    world.break_stage(broken)
    assert (world.status("p"), world.reader.active_plans()) == ("FAILED", [])
    world.ask(operation, broken)
    assert (world.status("p"), world.reader.active_plans()) == ("RUNNING", ["p"])
    world.serve("p")
    world.finish(broken)
    assert world.status("p") == ("COMPLETED" if operation == "retry" else "ROLLED_BACK")


def test_the_plans_resume_leaves_a_task_to_its_rollback(world: LedgerWorld) -> None:
    back, on = world.started("p", ["a", "b"])
    for task_id in (back, on):
        world.begin(task_id)
    world.ask("pause", "p")
    for task_id in (back, on):
        assert world.succeed(task_id) is Ended.PAUSED
    world.ask("rollback", back)
    world.ask("resume", "p")
    assert (world.status(back), world.status(on)) == ("PAUSED", "PENDING")
    assert world.serve("p") == [back, on]
    assert world.status(back) == "ROLLING_BACK"
