"""What moves though nobody asked, in doctored logs and dumps: each is named, for what it breaks and nothing else."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import LedgerDump, check_history, check_log
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PAUSED_PLAN,
    PLAN,
    RETRIED,
    STAGES,
    Line,
    asked,
    by_policy,
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

SYSTEM: Final = {"kind": "system", "actor": "system", "reason": "the tenant has been moved since by q.0"}
CANCELLED: Final = task(0, "TaskCancelled")
BACK: Final = task(0, "TaskRollingBack")
STOPPED: Final = PAUSED[:11]
"""Paused by itself, with its tenant."""
PLAN_STOPPED: Final = PAUSED_PLAN[:12]
FAILED: Final = RETRIED[:10]
WAITS: Final = [*opening(), asked("pause", "p.0"), task(0, "TaskPaused"), asked("resume", "p.0")]
"""Paused and resumed before its first admission."""
IN_CHUNKS: Final = [*PLAN_STOPPED, asked("resume", PLAN, inChunks=True), of_plan("PlanResumed")]

RUNS_STILL: Final = [*running(), task(0, "TaskStageSucceeded", "a")]
RESUMED: Final = [asked("resume", "p.0"), task(0, "TaskResumed")]
GIVEN_UP: Final = [
    *opening(),
    asked("retry", PLAN),
    asked("cancel", PLAN),
    *(task(i, "TaskCancelled") for i in range(3)),
    of_plan("PlanCancelled"),
]
RETRIES: Final = [*FAILED, *move(1), *move(2), asked("retry", "p.0", fromCheckpoint=True)]


def broken(lines: list[Line]) -> dict[str, str]:
    """What is said, by invariant."""
    report = check_log(tell(lines), {PLAN: STAGES})
    return {violation.invariant: violation.message for violation in report.violations}


@pytest.mark.parametrize(
    "lines",
    [
        [*WAITS, *move(0)],
        [*IN_CHUNKS, asked("resume", "p.0", ofPlan=True), task(0, "TaskResumed")],
        [*opening(), asked("exclude", "p.0"), CANCELLED],
        [*RETRIES, task(0, "TaskCancelled", cancelledBy=SYSTEM)],
        [*RUNS_STILL, asked("cancel", "p.0"), CANCELLED],
        [*RUNS_STILL, asked("rollback", PLAN), of_plan("PlanRollingBack"), BACK],
        [*STOPPED, asked("rollback", "p.0"), asked("cancel", "p.0", withdraws="rollback"), *RESUMED],
        [*GIVEN_UP, asked("retry", "p.0", fromCheckpoint=False, ofPlan=True), of_plan("PlanReopened")],
    ],
    ids=["first", "in-chunks", "excluded", "moved-since", "cancelled", "turns", "withdrawn", "retried-whole"],
)
def test_what_was_asked_for_holds(lines: list[Line]) -> None:
    assert broken(lines) == {}


SILENT: Final[dict[str, tuple[list[Line], str, str]]] = {
    "goes on with nothing held": ([*WAITS, task(0, "TaskResumed")], "I7", "but TaskStarted"),
    "starts anew after a pause": ([*STOPPED, asked("resume", "p.0"), task(0, "TaskStarted")], "I7", "but TaskResumed"),
    "a first move as a retry": ([*opening(), task(0, "TaskRetryStarted")], "I7", "in its attempt 1"),
    "a retry as a first move": ([*RETRIES, task(0, "TaskStarted")], "I7", "but TaskRetryStarted"),
    "pauses while it runs": ([*RUNS_STILL, task(0, "TaskPaused")], "I5", "p.0, which is RUNNING: nobody asked"),
    "pauses while it waits": ([*opening(), task(0, "TaskPaused")], "I5", "p.0, which is PENDING: nobody asked"),
    "pauses for what another was asked": (
        [*opening(), asked("pause", "p.1"), task(0, "TaskPaused")],
        "I5",
        "p.0, which is PENDING: nobody asked",
    ),
    "pauses once that was taken back": (
        [*running(), asked("pause", "p.0"), asked("resume", "p.0", atOnce=True), *STOPPED[-2:]],
        "I5",
        "nobody asked",
    ),
    "is given up while it runs": ([*RUNS_STILL, CANCELLED], "I5", "TaskCancelled of p.0, which is RUNNING"),
    "is given up while it waits": ([*opening(), CANCELLED], "I5", "TaskCancelled of p.0, which is PENDING"),
    "is given up while it is paused": ([*STOPPED, CANCELLED], "I5", "TaskCancelled of p.0, which is PAUSED"),
    "is given up by the system while it runs": (
        [*RUNS_STILL, task(0, "TaskCancelled", cancelledBy=SYSTEM)],
        "I5",
        "nobody asked",
    ),
    "goes back": ([*FAILED, BACK], "I5", "TaskRollingBack of p.0, which is FAILED: nobody asked"),
    "turns back": ([*RUNS_STILL, BACK], "I5", "TaskRollingBack of p.0, which is RUNNING: nobody asked"),
    "goes back once that was withdrawn": (
        [*FAILED, asked("rollback", "p.0"), asked("cancel", "p.0", withdraws="rollback"), BACK],
        "I5",
        "nobody asked",
    ),
    "a plan pauses": ([*opening(), of_plan("PlanPaused")], "I5", "p is paused, and nobody asked"),
    "a plan goes on": (
        [*PLAN_STOPPED, of_plan("PlanResumed"), of_plan("PlanPaused")],
        "I7",
        "PlanResumed of p, which was PAUSED",
    ),
    "a plan goes on later than it was asked": (
        [*PLAN_STOPPED, asked("resume", PLAN), asked("override-freeze", "p.1"), of_plan("PlanResumed")],
        "I7",
        "nobody asked right before",
    ),
    "a plan goes back": ([*opening(), of_plan("PlanRollingBack")], "I7", "PlanRollingBack of p, which was RUNNING"),
    "a plan runs again": ([*right(), of_plan("PlanReopened")], "I7", "PlanReopened of p, which was COMPLETED"),
    "its plan's resume reaches who was paused alone": (
        [*STOPPED, asked("resume", "p.0", ofPlan=True)],
        "I7",
        "resume of p.0 with its plan",
    ),
    "its plan's rollback, of a plan that moves": (
        [*FAILED, asked("rollback", "p.0", ofPlan=True)],
        "I7",
        "rollback of p.0 with its plan",
    ),
    "its plan's retry, that nobody asked for": (
        [*FAILED, asked("retry", "p.0", fromCheckpoint=True, ofPlan=True)],
        "I7",
        "retry of p.0 with its plan",
    ),
    "a breaker's pause, and none tripped": (
        [*opening(), by_policy("pause"), of_plan("PlanPaused")],
        "I14",
        "policy asks for pause of p",
    ),
    "a breaker's cancel, and none tripped": ([*opening(), by_policy("cancel")], "I14", "policy asks for cancel of p"),
    "a breaker takes back, and none tripped": (
        [*FAILED, ("OperationRequested", {**asked("rollback", "p.0", ofPlan=True)[1], "actor": "policy"})],
        "I14",
        "policy asks for rollback of p.0",
    ),
    "a retry ends that did not start": (
        [*opening(), *move(0), task(0, "TaskRetryCompleted", fromCheckpoint=True, success=True)],
        "I7",
        "a retry of p.0 ends that has not started",
    ),
    "a plan ends with a way back to come": (
        [*FAILED, *move(1), *move(2), asked("rollback", "p.0"), of_plan("PlanFailed")],
        "I12",
        "PlanFailed with the way back of p.0 asked for",
    ),
}


@pytest.mark.parametrize("name", sorted(SILENT))
def test_what_nobody_asked_for_is_named(name: str) -> None:
    lines, invariant, said = SILENT[name]
    found = broken(lines)
    assert found.keys() == {invariant}, found
    assert said in found[invariant]


def test_of_a_cut_log_and_of_a_damaged_plan_nothing_is_claimed() -> None:
    for lines, _, _ in SILENT.values():
        events = tell(lines)
        cut = check_log(events[len(opening()) :], {PLAN: STAGES}, is_cut=True)
        damaged = check_history(events, ledger(lines), damaged=[PLAN])
        for report in (cut, damaged):
            said = [str(one) for one in report.violations]
            assert not [one for one in said if "nobody asked" in one or "no breaker has tripped" in one], said


def waiting_ledger(lines: list[Line]) -> LedgerDump:
    """While task 0 waits for its retry and the others are done."""
    dump = ledger(lines)
    dump.plans[PLAN] |= {"status": "RUNNING", "n:COMPLETED": "2", "n:PENDING": "1"}
    dump.tasks["p.0"] |= {"status": "PENDING", "stage": "0", "rank": "3000000000007"}
    dump.queues[PLAN] = {"p.0": 3e12 + 7}
    dump.active, dump.ready, dump.ended = {PLAN}, {PLAN}, set()
    return dump


def test_what_a_retry_waits_as_is_what_was_asked_for() -> None:
    assert check_history(tell(RETRIES), waiting_ledger(RETRIES), ended=False).holds


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"retries": "2"}, "p.0: retries folds to 1, the ledger says 2"),
        ({"attempt": "3"}, "p.0: attempt folds to 2, the ledger says 3"),
        ({"startedAt": "1"}, "p.0: has started folds to False, the ledger says True"),
        ({"rank": "1000000000007"}, "p.0: queued as folds to 3, the ledger says 1"),
        ({"rank": "2000000000000"}, "p.0: queued as folds to 3, the ledger says 2"),
        ({"status": "RUNNING"}, "p.0: status folds to PENDING, the ledger says RUNNING"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_task_that_was_put_elsewhere_without_a_word_is_named(fields: dict[str, str], said: str) -> None:
    dump = waiting_ledger(RETRIES)
    dump.tasks["p.0"] |= fields
    assert said in [one.message for one in check_history(tell(RETRIES), dump, ended=False).of("I7")]


def test_an_admission_that_no_event_tells_is_named() -> None:
    """Slot, tenant, lease and counters are as they would be."""
    report = check_history(tell(opening()), running_ledger(opening()), ended=False)
    said = [one.message for one in report.of("I7")]
    assert said == [
        "p.0: status folds to PENDING, the ledger says RUNNING",
        "p.0: holds folds to False, the ledger says True",
    ]
