"""The checker is held against doctored histories: each breaks one invariant, and is rejected for that one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.history import INVARIANTS, LedgerDump, Report, check_history
from tests.unit.orchestrator.history.told import (
    PLAN,
    Line,
    asked,
    effect,
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


PAUSED = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    asked("pause", "p.0"),
    task(0, "TaskStageSucceeded", "a"),
    task(0, "TaskPaused"),
    asked("resume", "p.0"),
    task(0, "TaskResumed"),
    task(0, "TaskStageStarted", "b"),
    task(0, "TaskStageSucceeded", "b"),
    task(0, "TaskCompleted"),
    of_plan("PlanProgress"),
    *move(1),
    *move(2),
    of_plan("PlanCompleted"),
]
RETRIED = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    task(0, "TaskStageFailed", "a"),
    task(0, "TaskFailed"),
    asked("retry", "p.0", fromCheckpoint=True),
    *move(1),
    *move(2),
    *move(0, "TaskRetryStarted"),
    of_plan("PlanCompleted"),
]
PAUSED_PLAN = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    asked("pause", PLAN),
    task(0, "TaskStageSucceeded", "a"),
    task(0, "TaskPaused"),
    of_plan("PlanPaused"),
    asked("resume", PLAN),
    of_plan("PlanResumed"),
    task(0, "TaskResumed"),
    task(0, "TaskStageStarted", "b"),
    task(0, "TaskStageSucceeded", "b"),
    task(0, "TaskCompleted"),
    *move(1),
    *move(2),
    of_plan("PlanCompleted"),
]
ROLLED_BACK = [
    *right()[:-1],
    asked("rollback", "p.0"),
    task(0, "TaskRollingBack"),
    task(0, "TaskStageRollingBack", "b"),
    task(0, "TaskStageRolledBack", "b"),
    task(0, "TaskStageRollingBack", "a"),
    task(0, "TaskStageRolledBack", "a"),
    task(0, "TaskRolledBack"),
]


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
    dump = ledger(ROLLED_BACK)
    dump.plans[PLAN] |= {"status": "RUNNING", "n:COMPLETED": "2", "n:ROLLED_BACK": "1"}
    dump.tasks["p.0"]["status"] = "ROLLED_BACK"
    dump.active = {PLAN}
    report = check_history(tell(ROLLED_BACK), dump, ended=False)
    assert report.holds, str(report)


WAITED = [*opening(), task(0, "TaskWaiting"), *move(1), *move(2), *move(0), of_plan("PlanCompleted")]


def test_a_task_that_waits_for_its_tenant_is_passed_over() -> None:
    assert judge(WAITED).holds


DOCTORED: dict[str, tuple[str, list[Line]]] = {
    "two hold one tenant": ("I1", [*opening(), task(0, "TaskStarted"), task(1, "TaskStarted", tenantId="t0")]),
    "one more than the cap": ("I2", [*opening(), *(task(i, "TaskStarted") for i in range(3))]),
    "out of order": ("I3", [*opening(), *move(1), *move(0), *move(2), of_plan("PlanCompleted")]),
    "passed over with one slot": ("I3", [*opening(1), task(0, "TaskWaiting"), *move(1)]),
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


def test_a_gap_in_the_numbers_is_rejected() -> None:
    events = tell(right())
    report = check_history([*events[:5], *events[6:]], ledger(right()))
    assert {violation.events for violation in report.of("I6")} == {(7,)}
    assert len(report.of("I6")) == 2  # of the namespace and of the plan


def test_a_log_that_is_shorter_than_the_counter_is_rejected() -> None:
    dump = ledger(right())
    dump.seq += 1
    assert check_history(tell(right()), dump).of("I6")


def set_task(position: int, **fields: str) -> Callable[[LedgerDump], None]:
    return lambda dump: dump.tasks[f"p.{position}"].update(fields)


def leak_tenant(dump: LedgerDump) -> None:
    dump.tenants["t0"]["holder"] = "p.0"


def leak_slot(dump: LedgerDump) -> None:
    dump.slots[PLAN] = {"p.0"}


def leak_lease(dump: LedgerDump) -> None:
    dump.leases_queued["p.0"] = 1e12


def leak_checkpoint(dump: LedgerDump) -> None:
    dump.checkpoints.add("p.0")


def leave_in_queue(dump: LedgerDump) -> None:
    dump.queues[PLAN].append("p.0")


def still_looked_after(dump: LedgerDump) -> None:
    dump.active = {PLAN}


def wrong_count(dump: LedgerDump) -> None:
    dump.plans[PLAN]["n:COMPLETED"] = "2"


@pytest.mark.parametrize(
    ("invariant", "doctor"),
    [
        ("I7", set_task(0, status="FAILED")),
        ("I7", set_task(0, stage="1")),
        ("I7", wrong_count),
        ("I9", still_looked_after),
        ("I10", leak_tenant),
        ("I10", leak_slot),
        ("I10", leak_lease),
        ("I10", leak_checkpoint),
        ("I10", leave_in_queue),
    ],
)
def test_a_doctored_ledger_is_rejected(invariant: str, doctor: Callable[[LedgerDump], None]) -> None:
    dump = ledger(right())
    doctor(dump)
    assert judge(right(), dump).of(invariant)


def no_holder(dump: LedgerDump) -> None:
    del dump.tenants["t0"]["holder"]


def strange_holder(dump: LedgerDump) -> None:
    dump.tenants["t1"]["holder"] = "p.0"


def no_slot(dump: LedgerDump) -> None:
    dump.slots[PLAN] = set()


def many_slots(dump: LedgerDump) -> None:
    dump.slots[PLAN] = {"p.0", "p.1", "p.2"}


def other_epoch(dump: LedgerDump) -> None:
    dump.tenants["t0"]["epoch"] = "2"


def epoch_above_counter(dump: LedgerDump) -> None:
    dump.epoch = 0


def no_lease(dump: LedgerDump) -> None:
    dump.leases_running.clear()


def overdue(dump: LedgerDump) -> None:
    dump.leases_running["p.0"] = 1_000


def in_no_queue(dump: LedgerDump) -> None:
    dump.queues[PLAN] = ["p.1"]


@pytest.mark.parametrize(
    ("invariant", "doctor"),
    [
        ("I1", no_holder),
        ("I1", strange_holder),
        ("I2", no_slot),
        ("I2", many_slots),
        ("I8", other_epoch),
        ("I8", epoch_above_counter),
        ("I9", no_lease),
        ("I9", overdue),
        ("I9", in_no_queue),
    ],
)
def test_a_doctored_ledger_of_a_running_plan_is_rejected(invariant: str, doctor: Callable[[LedgerDump], None]) -> None:
    dump = running_ledger(running())
    doctor(dump)
    assert check_history(tell(running()), dump, ended=False).of(invariant)


ALL_EFFECTS = [effect(position, stage) for position in range(3) for stage in range(2)]


def test_effects_once_each_hold() -> None:
    report = check_history(tell(right()), ledger(right()), effects=ALL_EFFECTS, effect_stages=[0, 1])
    assert report.holds, str(report)


def test_an_effect_twice_without_a_recovery_is_rejected() -> None:
    report = check_history(tell(right()), ledger(right()), effects=[*ALL_EFFECTS, effect(0, 1)], effect_stages=[0, 1])
    assert [str(violation) for violation in report.of("I4")] == [
        "I4: effect p.0/1/RUNNING/1/0 arrived 2 times, with 0 recoveries"
    ]


def test_a_recovery_explains_one_more_effect() -> None:
    lines = [*right()[:8], task(0, "TaskRecovered"), *right()[8:]]
    report = check_history(tell(lines), ledger(lines), effects=[*ALL_EFFECTS, effect(0, 0)], effect_stages=[0, 1])
    assert report.holds, str(report)


def test_a_recorded_stage_without_its_effect_is_rejected() -> None:
    report = check_history(tell(right()), ledger(right()), effects=ALL_EFFECTS[1:], effect_stages=[0, 1])
    assert report.of("I12")


def test_an_old_epoch_that_writes_late_is_rejected() -> None:
    late = [effect(0, 0, epoch=5), effect(0, 1, epoch=4)]
    assert check_history(tell(right()), ledger(right()), effects=late).of("I8")


def test_every_invariant_has_a_history_that_breaks_it() -> None:
    tested = {invariant for invariant, _ in DOCTORED.values()} | {"I6", "I7", "I10"}
    assert tested == set(INVARIANTS)
