"""Right logs, one for each state of a task, plan and wave, and one event more: what the table has no row for is found,
by its name, and nothing else is. What each event tells of is written out here by hand.
"""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.domain.events import Event
from orchestrator.domain.fold import PLAN_STATE_AFTER, TASK_STATE_AFTER, fold
from orchestrator.domain.fold_fleet import STATE_AFTER as WAVE_STATE_AFTER
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.transitions import Trigger
from orchestrator.domain.waves import WAVE_MOVES, WaveState, WaveTrigger
from orchestrator.history import Report, check_history, check_log
from tests.support.whole_table import PLAN_MOVES, TASK_MOVES
from tests.unit.orchestrator.history import test_fleet_log as fleet
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PAUSED_PLAN,
    PLAN,
    RETRIED,
    ROLLED_BACK,
    Line,
    asked,
    ledger,
    move,
    of_plan,
    opening,
    right,
    running,
    task,
    tell,
)

T, P, W = TaskState, PlanState, WaveState
GOES_BACK: Final = ROLLED_BACK[:-5]
PLAN_GOES_BACK: Final = [*right(), asked("rollback", PLAN), of_plan("PlanRollingBack")]
TASKS: Final[dict[TaskState, list[Line]]] = {
    T.PENDING: opening(),
    T.RUNNING: running(),
    T.PAUSED: PAUSED[:11],
    T.COMPLETED: [*opening(), *move(0)],
    T.FAILED: RETRIED[:10],
    T.CANCELLED: [*opening(), asked("cancel", "p.0"), task(0, "TaskCancelled")],
    T.ROLLING_BACK: GOES_BACK,
    T.ROLLED_BACK: ROLLED_BACK,
    T.ROLLBACK_FAILED: [*GOES_BACK, task(0, "TaskRollbackFailed")],
}
PLANS: Final[dict[PlanState, list[Line]]] = {
    P.CREATED: opening()[:4],
    P.READY: opening()[:5],
    P.RUNNING: opening(),
    P.PAUSED: [*opening(), asked("pause", PLAN), of_plan("PlanPaused")],
    P.COMPLETED: right(),
    P.FAILED: [*RETRIED[:10], *move(1), *move(2), of_plan("PlanFailed")],
    P.CANCELLED: [
        *opening(),
        asked("cancel", PLAN),
        *(task(i, "TaskCancelled") for i in range(3)),
        of_plan("PlanCancelled"),
    ],
    P.ROLLING_BACK: PLAN_GOES_BACK,
    P.ROLLED_BACK: [
        *opening(),
        asked("rollback", PLAN),
        of_plan("PlanRollingBack"),
        *(task(i, "TaskCancelled") for i in range(3)),
        of_plan("PlanRolledBack"),
    ],
    P.ROLLBACK_FAILED: [*PLAN_GOES_BACK, of_plan("PlanRollbackFailed")],
}
SOAKED: Final = [*fleet.opening(canary={"soakSeconds": 60, "gate": "manual"}), *move(0), fleet.soaking(60)]
WAVES: Final[dict[WaveState, list[Line]]] = {
    W.PENDING: fleet.opening()[:-1],
    W.OPEN: fleet.opening(),
    W.SOAKING: SOAKED,
    W.GATED: [*SOAKED, *fleet.later(60, fleet.ASKED)],
    W.REJECTED: [*SOAKED, *fleet.later(60, fleet.ASKED, fleet.NO)],
    W.PASSED: [*SOAKED, *fleet.later(60, fleet.ASKED, fleet.YES, fleet.done("canary"))],
}
OF_TASK: Final = {
    "TaskStarted": Trigger.ADMIT,
    "TaskResumed": Trigger.ADMIT,
    "TaskRetryStarted": Trigger.ADMIT,
    "TaskPaused": Trigger.PAUSE,
    "TaskCompleted": Trigger.COMPLETE,
    "TaskFailed": Trigger.FAIL,
    "TaskSoakFailed": Trigger.SOAK_FAIL,
    "TaskCancelled": Trigger.CANCEL,
    "TaskRollingBack": Trigger.ROLL_BACK,
    "TaskRolledBack": Trigger.ROLLBACK_DONE,
    "TaskRollbackFailed": Trigger.ROLLBACK_FAIL,
}
OF_REQUEST: Final = {
    "retry": {Trigger.RETRY},
    "skip-stage": {Trigger.SKIP_STAGE},
    "resume": {Trigger.RESUME},
}
OF_PLAN: Final = {
    "PlanReady": {Trigger.COMMIT},
    "PlanStarted": {Trigger.START},
    "PlanPaused": {Trigger.PAUSE},
    "PlanResumed": {Trigger.RESUME},
    "PlanReopened": {Trigger.REOPEN},
    "PlanCompleted": {Trigger.COMPLETE, Trigger.ACCEPT},
    "PlanFailed": {Trigger.FAIL},
    "PlanCancelled": {Trigger.CANCEL},
    "PlanRollingBack": {Trigger.ROLL_BACK},
    "PlanRolledBack": {Trigger.ROLLBACK_DONE},
    "PlanRollbackFailed": {Trigger.ROLLBACK_FAIL},
}
OF_WAVE: Final = {
    "PlanWaveStarted": WaveTrigger.BEGIN,
    "PlanWaveSoaking": WaveTrigger.SOAK,
    "PlanGateWaiting": WaveTrigger.ASK,
    "PlanGateRejected": WaveTrigger.REJECT,
    "PlanWaveCompleted": WaveTrigger.FINISH,
}


def found(lines: list[Line], more: Line) -> list[str]:
    """Which invariants the one event more breaks by making a move of no row."""
    report = check_log(tell([*lines, more]))
    return [one.invariant for one in report.violations if one.message.endswith("no row of the table")]


@pytest.mark.parametrize("state", TaskState)
def test_a_task_moves_by_the_table_alone(state: TaskState) -> None:
    lines = TASKS[state]
    assert check_log(tell(lines)).holds
    assert fold(tell(lines)).tasks["p.0"].state is state
    assert OF_TASK.keys() == TASK_STATE_AFTER.keys()
    for kind, trigger in OF_TASK.items():
        assert found(lines, task(0, kind)) == ["I7"] * ((state, trigger) not in TASK_MOVES), kind


@pytest.mark.parametrize("state", TaskState)
def test_a_request_moves_a_task_by_the_table_alone(state: TaskState) -> None:
    moves = {
        operation: any((state, trigger) in TASK_MOVES for trigger in triggers)
        for operation, triggers in OF_REQUEST.items()
    }
    # What goes on already, or is about to, is let go on: nothing moves.
    moves["resume"] |= state in (T.RUNNING, T.PENDING)
    for operation, is_right in moves.items():
        assert found(TASKS[state], asked(operation, "p.0")) == ["I7"] * (not is_right), operation


@pytest.mark.parametrize("state", [T.FAILED, T.CANCELLED, T.ROLLED_BACK])
def test_only_what_has_failed_is_retried_from_its_checkpoint(state: TaskState) -> None:
    assert check_log(tell([*TASKS[state], asked("retry", "p.0", fromCheckpoint=False)])).holds
    report = check_log(tell([*TASKS[state], asked("retry", "p.0", fromCheckpoint=True)]))
    named = [("I7", f"retry of p.0 from its checkpoint, which is {state}: from scratch only")]
    assert [(one.invariant, one.message) for one in report.violations] == named * (state is not T.FAILED)


@pytest.mark.parametrize("state", PlanState)
def test_a_plan_moves_by_the_table_alone(state: PlanState) -> None:
    lines = PLANS[state]
    assert check_log(tell(lines)).holds
    assert fold(tell(lines)).plans[PLAN].state is state
    assert OF_PLAN.keys() | {"PlanCreated"} == PLAN_STATE_AFTER.keys()
    for kind, triggers in OF_PLAN.items():
        targets = {PLAN_MOVES.get((state, trigger)) for trigger in triggers}
        assert found(lines, of_plan(kind)) == ["I7"] * (PLAN_STATE_AFTER[kind] not in targets), kind


@pytest.mark.parametrize("state", WaveState)
def test_a_wave_moves_by_its_table_alone(state: WaveState) -> None:
    lines = WAVES[state]
    assert check_log(tell(lines)).holds
    assert fold(tell(lines)).plans[PLAN].waves[0].state is state
    rows = {(row.source, row.trigger) for row in WAVE_MOVES}
    more = {"actor": "me", "reason": "", "until": "2026-01-01T00:00:00Z", "failed": 0, "tenants": 1}
    assert OF_WAVE.keys() == WAVE_STATE_AFTER.keys()
    for kind, trigger in OF_WAVE.items():
        line = of_plan(kind, wave="canary", **more)
        assert found(lines, line) == ["I13"] * ((state, trigger) not in rows), kind


def cut(lines: list[Line], *, after: str) -> list[Event]:
    """What is left of a log that has lost everything up to an event."""
    kinds = [kind for kind, _ in lines]
    return tell(lines)[kinds.index(after) + 1 :]


def moves_of_no_row(report: Report) -> list[str]:
    return [str(one) for one in report.violations if "no row" in one.message]


def test_what_a_cut_log_does_not_tell_is_not_judged() -> None:
    """That the plan's pause stopped it, or that it is paused at all; from its first state on it is judged."""
    for after in ("OperationRequested", "TaskPaused", "PlanPaused"):
        assert check_log(cut(PAUSED_PLAN, after=after), is_cut=True).holds
    # Which way it goes, of what is recovered or gives a sign of life.
    for sign in (task(0, "TaskRecovered"), task(0, "TaskProgress", completedStages=0, totalStages=2)):
        back = [*GOES_BACK, sign, *ROLLED_BACK[-5:], of_plan("PlanRolledBack")]
        assert check_log(cut(back, after="TaskRollingBack"), is_cut=True).holds
    ends = [*PAUSED_PLAN, of_plan("PlanPaused")]
    (told,) = moves_of_no_row(check_log(cut(ends, after="PlanResumed"), is_cut=True))
    last = len(ends)
    assert told == f"I7: PlanPaused of p, which is COMPLETED: no row of the table (events {last - 1}, {last})"


def test_a_plan_that_a_hand_has_damaged_is_not_judged() -> None:
    lines = [*right(), of_plan("PlanPaused")]
    assert moves_of_no_row(check_history(tell(lines), ledger(lines)))
    assert not moves_of_no_row(check_history(tell(lines), ledger(lines), damaged=[PLAN]))
