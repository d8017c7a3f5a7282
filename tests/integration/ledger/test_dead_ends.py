"""No state without a way out that is named: damage, drafts, nothing to go back to, a last stage that runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from orchestrator.control.answers import OperationResult
from orchestrator.control.operations import Operator
from orchestrator.control.purging import Purger
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import NotAllowed
from orchestrator.ledger.operations import Operation, Order, Taken
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.purges import Purges
from tests.support.hands import HANDS, Hand
from tests.support.ledger_world import ME, LedgerWorld

FORCE = replace(ME, force=True)
SCRATCH = replace(ME, from_scratch=True)


def answer(world: LedgerWorld, operation: str, target: OperationTarget) -> OperationResult:
    return Operator(world.ledger, world.reader).operate(Operation(operation), target, replace(ME, request_id=operation))


def purge(world: LedgerWorld, order: Order) -> None:
    Purger(Purges(world.ledger), world.reader).plan("bad", order, None, lambda plan_id, left: None)


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_whatever_a_hand_has_damaged_a_cancelled_plan_can_be_taken_out(hurt: LedgerWorld, hand: Hand) -> None:
    hurt.started("bad", ["a", "b", "c"], max_concurrency=2)
    hurt.started("next", ["a"])
    hurt.ask("cancel", "bad")
    hand(hurt)
    with capture_logs():
        purge(hurt, replace(FORCE, request_id="out"))
    left = [key for key in hurt.dump() if key.rpartition(":")[2].partition(".")[0] == "bad"]
    assert [key for key in left if ":plan-seq:" not in key] == []
    for key in ("leases_queued", "leases_running", "deadlines", "beats", "ready", "plans", "ended"):
        assert not [one for one in hurt.client.zrange(hurt.keys.of(key), 0, -1) if str(one).startswith("bad")], key
    # Its tenants are free for whoever waited for them, and so is its id.
    hurt.serve("next")
    assert hurt.holder("a") == "next.0"
    assert hurt.plan("bad", ["b", "c"]) == ["bad.0", "bad.1"]
    assert set(hurt.serve("bad")) == {"bad.0", "bad.1"}


def test_two_damaged_tasks_keep_a_plan_from_its_end_and_purge_says_how_it_goes(hurt: LedgerWorld) -> None:
    hurt.started("bad", ["a", "b", "c"], max_concurrency=2)
    hurt.client.hset(hurt.keys.of("task", "bad.1"), "status", "BANANA")
    hurt.client.delete(hurt.keys.of("task", "bad.2"))
    with pytest.raises(NotAllowed, match="changeover cancel --plan bad"):
        purge(hurt, replace(FORCE, request_id="early"))
    hurt.ask("cancel", "bad")
    hurt.serve("bad")
    assert hurt.begin("bad.0") is Begun.CANCELLED
    assert hurt.status("bad") == "RUNNING"
    with pytest.raises(NotAllowed, match="changeover purge --plan bad --force"):
        purge(hurt, ME)
    purge(hurt, replace(FORCE, request_id="out"))
    assert not hurt.reader.plan_record("bad")
    (told,) = [event for event in hurt.events() if event.type == "PlanPurged"]
    assert told.forced
    assert hurt.holder("b") is None


def test_force_takes_nothing_out_of_a_workers_hands(world: LedgerWorld) -> None:
    world.started("bad", ["a", "b"], max_concurrency=2)
    assert world.begin("bad.0") is Begun.BEGUN
    world.ask("cancel", "bad")
    before = world.dump()
    with pytest.raises(NotAllowed, match="1 of its tasks are in a worker's hands"):
        purge(world, replace(FORCE, request_id=""))
    assert world.dump() == before


def test_forced_out_of_a_sound_plan_nothing_is_left_that_breaks_a_rule(world: LedgerWorld) -> None:
    world.started("bad", ["a", "b"], max_concurrency=1)
    world.started("next", ["a"])
    world.ask("cancel", "bad")
    purge(world, replace(FORCE, request_id="out"))
    assert world.serve("next") == ["next.0"]


@pytest.mark.parametrize("operation", [*Operation])
def test_of_a_damaged_plan_no_verb_answers_as_if_it_were_sound(hurt: LedgerWorld, operation: str) -> None:
    hurt.started("bad", ["a", "b"], max_concurrency=1)
    hurt.break_stage("bad.0")
    hurt.ask("pause", "bad")
    hurt.client.hset(hurt.keys.of("plan", "bad"), "status", "BANANA")
    result = answer(hurt, operation, OperationTarget("plan", "bad"))
    assert not result.accepted
    assert "changeover purge --plan bad --force" in result.message
    hurt.client.delete(hurt.keys.of("plan", "bad"))
    hurt.client.set(hurt.keys.of("plan", "bad"), "BANANA")
    assert hurt.ask(operation, "bad").why == "damaged"


@pytest.mark.parametrize("operation", [*Operation])
def test_of_a_draft_every_verb_names_the_way_on(world: LedgerWorld, operation: str) -> None:
    world.open("bad", 2)
    result = answer(world, operation, OperationTarget("plan", "bad"))
    assert not result.accepted
    assert "submit the same file again" in result.message
    assert "changeover purge --plan bad" in result.message


def test_a_plan_that_goes_back_leaves_what_has_nowhere_to_go_as_it_was(world: LedgerWorld) -> None:
    done, failed, paused, waits, runs, last = world.started("p", "abcdef", snapshot=False, max_concurrency=6)
    world.finish(done)
    world.break_stage(failed)
    world.stage(paused)
    world.ask("pause", paused)
    assert world.begin(paused) is Begun.PAUSED
    world.stage(waits)
    world.ask("pause", waits)
    assert world.begin(waits) is Begun.PAUSED
    world.begin(runs)
    for _ in range(2):
        world.stage(last)
    world.begin(last)
    since = world.now()
    world.ask("rollback", "p")
    world.serve("p")
    assert world.succeed(runs) is Ended.CANCELLED
    # Nothing is left to turn at, and no stage to leave out.
    assert world.succeed(last) is Ended.COMPLETED
    assert world.status("p") == "ROLLBACK_FAILED"
    assert [world.status(task) for task in (done, failed, paused, waits)] == [
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "CANCELLED",
    ]
    named = [
        event for event in world.events(since) if event.type == "OperationRequested" and event.target_type == "task"
    ]
    assert {event.target_id for event in named} == {done, failed, paused, waits, runs, last}
    assert {event.reason for event in named} == {"there is no config to go back to"}
    assert world.ask("retry", failed).answer is Taken.ACCEPTED
    assert world.ask("retry", paused, SCRATCH).answer is Taken.ACCEPTED


@pytest.mark.parametrize("operation", ["pause", "cancel"])
def test_of_a_last_stage_that_runs_it_is_said_that_nothing_is_left_to_stop(world: LedgerWorld, operation: str) -> None:
    (task,) = world.started("p", "a")
    world.begin(task)
    assert world.ask(operation, task).why == ""
    # A pause may be taken back, a cancel may not.
    back = world.ask("resume" if operation == "pause" else "pause", task)
    wanted = (Taken.ACCEPTED, "") if operation == "pause" else (Taken.REFUSED, "cancel-requested")
    assert (back.answer, back.why) == wanted
    (other,) = world.started("q", "b")
    for _ in range(2):
        world.stage(other)
    world.begin(other)
    result = answer(world, operation, OperationTarget("task", other))
    assert result.accepted
    assert "its last stage runs: when that succeeds the task is COMPLETED" in result.message
    assert world.succeed(other) is Ended.COMPLETED
