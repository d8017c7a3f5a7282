"""The checker against doctored logs: each breaks one invariant, and is rejected for that one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.history import INVARIANTS, LedgerDump, Report, check_history, check_log
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PAUSED_PLAN,
    PLAN,
    RETRIED,
    ROLLED_BACK,
    STAGES,
    Line,
    asked,
    ledger,
    move,
    of_plan,
    opening,
    right,
    running,
    running_ledger,
    task,
    tell,
)


def judge(lines: list[Line], dump: LedgerDump | None = None) -> Report:
    return check_history(tell(lines), dump or ledger(lines))


def without(lines: list[Line], *wrong: Line) -> list[Line]:
    return [line for line in lines if line not in wrong]


def swapped(lines: list[Line], first: Line, second: Line) -> list[Line]:
    exchange = {lines.index(first): second, lines.index(second): first}
    return [exchange.get(i, line) for i, line in enumerate(lines)]


@pytest.mark.parametrize(
    "lines", [right(), PAUSED, RETRIED, PAUSED_PLAN], ids=["right", "paused", "retried", "plan-paused"]
)
def test_a_right_history_holds(lines: list[Line]) -> None:
    report = judge(lines)
    assert report.holds, str(report)
    assert str(report) == f"held: {', '.join(INVARIANTS)}"


def test_a_right_history_that_is_not_over_holds() -> None:
    report = check_history(tell(running()), running_ledger(running()), ended=False)
    assert report.holds, str(report)


def test_a_rollback_holds() -> None:
    lines = [*ROLLED_BACK, asked("rollback", "p.1")]
    dump = ledger(lines)
    dump.plans[PLAN] |= {"status": "RUNNING", "n:COMPLETED": "2", "n:ROLLED_BACK": "1", "n:rollbackRequested": "1"}
    dump.tasks["p.0"]["status"] = "ROLLED_BACK"
    dump.tasks["p.1"] |= {"rollbackRequested": "1", "rank": "1"}
    dump.queues[PLAN] = {"p.1": 1}
    dump.active, dump.ready, dump.ended = {PLAN}, {PLAN}, set()
    report = check_history(tell(lines), dump, ended=False)
    assert report.holds, str(report)


def test_an_ended_plan_that_goes_on_and_says_so_holds() -> None:
    asked_for, *back = ROLLED_BACK[-7:]
    lines = [*right(), asked_for, of_plan("PlanReopened"), *back, of_plan("PlanRolledBack")]
    dump = ledger(lines)
    dump.plans[PLAN] |= {"status": "ROLLED_BACK", "n:COMPLETED": "2", "n:ROLLED_BACK": "1"}
    dump.tasks["p.0"]["status"] = "ROLLED_BACK"
    report = check_history(tell(lines), dump)
    assert report.holds, str(report)


WAITED = [*opening(), task(0, "TaskWaiting"), *move(1), *move(2), *move(0), of_plan("PlanCompleted")]


def test_a_task_that_waits_for_its_tenant_is_passed_over() -> None:
    assert judge(WAITED).holds


HELD_HEAD = [*move(1), asked("rollback", "p.1"), task(1, "TaskWaiting"), asked("resume", "p.0")]
"""With one slot: the head of the queue waits for its tenant, and task 0 may go on behind it."""


def test_with_one_slot_a_resumed_task_that_holds_its_tenant_goes_before_a_held_head() -> None:
    begun = [task(0, "TaskStarted"), task(0, "TaskStageStarted", "a"), asked("pause", "p.0")]
    paused = [*opening(1), *begun, task(0, "TaskStageSucceeded", "a"), task(0, "TaskPaused")]
    report = check_log(tell([*paused, *HELD_HEAD, task(0, "TaskResumed")]), {PLAN: STAGES})
    assert report.holds, str(report)


def test_resumed_tasks_that_hold_their_tenant_go_before_those_that_hold_nothing() -> None:
    never_held = [*opening(), asked("pause", "p.0"), task(0, "TaskPaused")]
    begun = [task(1, "TaskStarted"), task(1, "TaskStageStarted", "a"), asked("pause", "p.1")]
    paused = [*begun, task(1, "TaskStageSucceeded", "a"), task(1, "TaskPaused")]
    lines = [*never_held, *paused, asked("resume", "p.0"), asked("resume", "p.1")]
    assert check_log(tell([*lines, task(1, "TaskResumed")]), {PLAN: STAGES}).holds
    assert check_log(tell([*lines, task(0, "TaskStarted")]), {PLAN: STAGES}).of("I3")


DOCTORED: dict[str, tuple[str, list[Line]]] = {
    "two hold one tenant": ("I1", [*opening(), task(0, "TaskStarted"), task(1, "TaskStarted", tenantId="t0")]),
    "one more than the cap": ("I2", [*opening(), *(task(i, "TaskStarted") for i in range(3))]),
    "out of order": ("I3", [*opening(), *move(1), *move(0), *move(2), of_plan("PlanCompleted")]),
    "passed over with one slot": ("I3", [*opening(1), task(0, "TaskWaiting"), *move(1)]),
    "before a held head with one slot, holding nothing itself": (
        "I3",
        [*opening(1), asked("pause", "p.0"), task(0, "TaskPaused"), *HELD_HEAD, task(0, "TaskStarted")],
    ),
    "a retry before a move": (
        "I3",
        [*RETRIED[:11], *move(0, "TaskRetryStarted"), *move(1), *move(2), of_plan("PlanCompleted")],
    ),
    "a move before a resumed task": ("I3", [*PAUSED[:12], task(1, "TaskStarted")]),
    "a move before a rollback": ("I3", [*opening(), *move(0), asked("rollback", "p.0"), task(1, "TaskStarted")]),
    "a stage skipped": ("I4", without(right(), task(0, "TaskStageStarted", "a"), task(0, "TaskStageSucceeded", "a"))),
    "the next stage before the last is recorded": (
        "I4",
        swapped(right(), task(0, "TaskStageSucceeded", "a"), task(0, "TaskStageStarted", "b")),
    ),
    "a recorded stage again": ("I4", [*opening(), *move(0)[:3], task(0, "TaskStageStarted", "a")]),
    "a stage begun twice": ("I4", [*opening(), *move(0)[:2], task(0, "TaskStageStarted", "a")]),
    "a result without a beginning": ("I4", without(right(), task(0, "TaskStageStarted", "b"))),
    "rolled back twice": ("I4", [*ROLLED_BACK[:-1], task(0, "TaskStageRolledBack", "a")]),
    "completed too early": (
        "I4",
        without(right(), task(0, "TaskStageStarted", "b"), task(0, "TaskStageSucceeded", "b")),
    ),
    "a stage starts though a pause was asked for": (
        "I5",
        [*opening(), task(0, "TaskStarted"), asked("pause", "p.0"), task(0, "TaskStageStarted", "a")],
    ),
    "a stage starts though its plan's cancel was asked for": (
        "I5",
        [*opening(), task(0, "TaskStarted"), asked("cancel", PLAN), task(0, "TaskStageStarted", "a")],
    ),
    "a stage ends while paused": ("I5", swapped(PAUSED, task(0, "TaskPaused"), task(0, "TaskStageSucceeded", "a"))),
    "admitted while the plan is paused": (
        "I5",
        [*opening(), asked("pause", PLAN), of_plan("PlanPaused"), task(0, "TaskStarted")],
    ),
    "admitted before the plan runs": ("I5", [*without(opening(), of_plan("PlanStarted")), task(0, "TaskStarted")]),
    "admitted while the plan goes back": (
        "I5",
        [*opening(), asked("rollback", PLAN), of_plan("PlanRollingBack"), task(0, "TaskStarted")],
    ),
    "admitted in a plan that has ended": ("I5", [*right(), task(0, "TaskStarted")]),
    "a plan paused while a stage runs": (
        "I5",
        swapped(PAUSED_PLAN, task(0, "TaskPaused"), of_plan("PlanPaused")),
    ),
    "recovered after its end": ("I8", [*right()[:-1], task(0, "TaskRecovered"), of_plan("PlanCompleted")]),
    "an old holder records": ("I8", [*right()[:-1], task(0, "TaskProgress", completedStages=1, totalStages=2)]),
    "an epoch that falls": (
        "I8",
        [*opening(), task(0, "TaskStarted"), task(0, "TaskRecovered"), task(0, "TaskRecovered", epoch=8)],
    ),
    "created twice": ("I11", [of_plan("PlanCreated"), *right()]),
    "a task created twice": ("I11", [task(0, "TaskCreated") if i == 2 else line for i, line in enumerate(right())]),
    "ready before it is whole": ("I11", without(right(), task(2, "TaskCreated"))),
    "runs before it is ready": ("I11", without(right(), of_plan("PlanReady"))),
    "never created": ("I11", right()[1:]),
    "ends with an open task": ("I12", [*opening(), *move(0), of_plan("PlanCompleted")]),
    "ends twice": ("I12", [*right(), of_plan("PlanCompleted")]),
    "cancelled by nobody": ("I12", [*ROLLED_BACK, of_plan("PlanCancelled")]),
    "completed with a task that went back": ("I12", [*ROLLED_BACK, of_plan("PlanCompleted")]),
    "failed with nothing failed": ("I12", [*right()[:-1], of_plan("PlanFailed")]),
    "its cancel is not told at its end": ("I12", [*right()[:-1], asked("cancel", PLAN), of_plan("PlanCompleted")]),
    "goes on and does not say so": ("I12", [*right(), *ROLLED_BACK[-7:], of_plan("PlanRolledBack")]),
    "a request acts twice": (
        "I17",
        [*opening(), task(0, "TaskStarted"), *[asked("pause", "p.0", request="r1")] * 2],
    ),
    "another operation under the same request": (
        "I17",
        [*PAUSED[:8], asked("pause", "p.0", request="r1"), asked("resume", "p.0", request="r1")],
    ),
    "purged while it runs": ("I12", [*opening(), of_plan("PlanPurged", actor="me", reason="")]),
    "never ends": ("I12", right()[:-1]),
    "runs for good": ("I9", running()),
}


@pytest.mark.parametrize("name", sorted(DOCTORED))
def test_a_doctored_log_is_rejected(name: str) -> None:
    invariant, lines = DOCTORED[name]
    report = judge(lines)
    assert report.of(invariant), str(report)


def test_the_offending_events_are_named() -> None:
    first = judge(DOCTORED["two hold one tenant"][1]).of("I1")[0]
    assert str(first) == "I1: p.1 takes t0, which p.0 holds (events 7, 8)"


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("admitted before the plan runs", "READY"),
        ("admitted while the plan is paused", "PAUSED"),
        ("admitted while the plan goes back", "ROLLING_BACK"),
        ("admitted in a plan that has ended", "COMPLETED"),
    ],
)
def test_what_the_plan_was_at_an_admission_is_named(name: str, state: str) -> None:
    said = [str(one) for one in judge(DOCTORED[name][1]).of("I5")]
    assert any(f"p.0 is admitted while its plan is {state} " in one for one in said), said


def test_tasks_go_back_in_a_plan_that_goes_back() -> None:
    back = [asked("rollback", "p.0", ofPlan=True), *ROLLED_BACK[-6:]]
    lines = [*opening(), *move(0), asked("rollback", PLAN), of_plan("PlanRollingBack"), *back]
    assert not check_log(tell(lines), {PLAN: STAGES}).of("I5")


def test_a_plan_whose_beginning_the_log_has_lost_is_not_said_to_stand_still() -> None:
    retried = tell([*RETRIED[:11], task(0, "TaskRetryStarted")])
    assert not check_log(retried[len(opening()) :], {PLAN: STAGES}).of("I5")


def test_a_gap_in_the_numbers_is_rejected() -> None:
    events = tell(right())
    report = check_history([*events[:5], *events[6:]], ledger(right()))
    assert {violation.events for violation in report.of("I6")} == {(7,)}
    assert len(report.of("I6")) == 2  # of the namespace and of the plan


def test_a_log_that_is_shorter_than_the_counter_is_rejected() -> None:
    dump = ledger(right())
    dump.seq += 1
    assert check_history(tell(right()), dump).of("I6")


def test_one_request_may_name_many_targets() -> None:
    lines = [*opening(), *(asked("pause", f"p.{i}", request="r1") for i in range(3))]
    assert not judge(lines).of("I17")


@pytest.mark.parametrize("start", range(1, len(PAUSED)))
def test_a_log_that_was_cut_anywhere_holds(start: int) -> None:
    report = check_log(tell(PAUSED)[start:], {PLAN: STAGES}, is_cut=True)
    assert report.holds, str(report)


@pytest.mark.parametrize("start", range(1, len(PAUSED_PLAN)))
def test_a_cut_log_folds_to_the_ledger(start: int) -> None:
    report = check_history(tell(PAUSED_PLAN)[start:], ledger(PAUSED_PLAN), is_cut=True)
    assert report.holds, str(report)


def test_a_cut_log_is_judged_from_there_on() -> None:
    events = tell([*right()[:-1], *move(0)])[10:]
    assert check_log(events, {PLAN: STAGES}, is_cut=True).of("I4")
    gap = tell(right())[10:]
    assert check_log([*gap[:3], *gap[4:]], {PLAN: STAGES}, is_cut=True).of("I6")


def test_a_log_that_must_be_whole_and_is_cut_is_rejected() -> None:
    assert check_log(tell(right())[5:]).of("I6")


def abandoned() -> list[Line]:
    return [
        of_plan("PlanCreated", totalTasks=3),
        task(0, "TaskCreated"),
        of_plan("PlanValidationFailed", reason="cut off"),
    ]


def test_an_abandoned_draft_may_come_again() -> None:
    events = tell([*abandoned(), *right()])
    assert check_log(events, {PLAN: STAGES}).holds
    # Its numbers go on, unless it went too long ago for them to be kept.
    renumbered = [event.model_copy(update={"plan_sequence_id": event.plan_sequence_id - 3}) for event in events[3:]]
    assert check_log([*events[:3], *renumbered], {PLAN: STAGES}).of("I6")
    late = [event.model_copy(update={"occurred_at": event.occurred_at + timedelta(days=90)}) for event in renumbered]
    report = check_log([*events[:3], *late], {PLAN: STAGES})
    assert report.holds, str(report)
    wrong = [event.model_copy(update={"plan_sequence_id": event.plan_sequence_id - 1}) for event in events[3:]]
    assert check_log([*events[:3], *wrong]).of("I6")


def test_at_this_moment_what_is_newer_than_the_dump_is_left_out() -> None:
    events = tell([*running(), *right()[8:]])
    dump = running_ledger(running())
    assert check_history(events, dump, ended=False).holds
    assert check_history(events, dump).of("I6")
