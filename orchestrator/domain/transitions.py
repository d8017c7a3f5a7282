"""The one table of transitions: the Python checks, the scripts, the diagram and the exhaustive test all read it.

A pair of state and trigger that is not in the table is refused, by name, wherever it is tried. ``events`` are those
that the transition may write. The scripts ask the table, guards included, before they write (``includes/move.lua``);
tests/integration/ledger/test_table.py holds rows and scripts together: it takes every row, and leaves out each in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState

State = TypeVar("State", TaskState, PlanState)


class Trigger(StrEnum):
    """What can happen to a task or a plan."""

    # tasks
    ADMIT = "admit"
    COMPLETE = "complete"
    FAIL = "fail"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    SKIP_STAGE = "skip_stage"
    ROLL_BACK = "roll_back"
    ROLLBACK_DONE = "rollback_done"
    ROLLBACK_FAIL = "rollback_fail"
    SOAK_FAIL = "soak_fail"
    # plans only
    COMMIT = "commit"
    START = "start"
    REOPEN = "reopen"
    ACCEPT = "accept"


class Guard(StrEnum):
    """The condition under which a transition is taken: a function of this name in ``scripts/includes/guards.lua``.

    The scripts ask it together with the table, before they write; one that does not hold is refused like a pair that
    is not in the table. What a person may ask for is answered before that, in words.
    """

    NONE = "none"
    # of a task
    FREE_SLOT_AND_TENANT = "free_slot_and_tenant"
    ALL_STAGES_DONE = "all_stages_done"
    PAUSE_REQUESTED = "pause_requested"
    CANCEL_REQUESTED = "cancel_requested"
    RETRIES_LEFT = "retries_left"
    RETRIES_LEFT_FROM_SCRATCH = "retries_left_from_scratch"
    ROLLBACK_REQUESTED = "rollback_requested"
    WAVE_SOAKS = "wave_soaks"
    # of a plan, as it will be after the write
    ALL_TASKS_WRITTEN = "all_tasks_written"
    NOTHING_RUNS = "nothing_runs"
    NOTHING_OPEN = "nothing_open"
    ALL_FAILURES_ACCEPTED = "all_failures_accepted"


@dataclass(frozen=True, slots=True)
class Transition(Generic[State]):
    """From ``source``, on ``trigger``, to ``target``, if ``guard`` holds, writing (some of) ``events``."""

    source: State
    trigger: Trigger
    target: State
    guard: Guard
    events: tuple[str, ...]


def _rows(
    sources: Iterable[State], trigger: Trigger, target: State, guard: Guard, *events: str
) -> tuple[Transition[State], ...]:
    return tuple(Transition(source, trigger, target, guard, events) for source in sorted(sources))


_T = TaskState
_P = PlanState

# The end of a task says so of the attempt that a retry began, and of its plan.
_END = ("TaskRetryCompleted", "PlanProgress")

TASK_TRANSITIONS: Final[tuple[Transition[TaskState], ...]] = (
    *_rows(
        [_T.PENDING],
        Trigger.ADMIT,
        _T.RUNNING,
        Guard.FREE_SLOT_AND_TENANT,
        "TaskStarted",
        "TaskResumed",
        "TaskRetryStarted",
        "TaskProgress",
    ),
    *_rows([_T.RUNNING], Trigger.COMPLETE, _T.COMPLETED, Guard.ALL_STAGES_DONE, "TaskCompleted", *_END),
    *_rows([_T.RUNNING], Trigger.FAIL, _T.FAILED, Guard.NONE, "TaskFailed", *_END),
    *_rows([_T.COMPLETED], Trigger.SOAK_FAIL, _T.FAILED, Guard.WAVE_SOAKS, "TaskSoakFailed", "PlanProgress"),
    *_rows([_T.RUNNING], Trigger.PAUSE, _T.PAUSED, Guard.PAUSE_REQUESTED, "TaskPaused"),
    *_rows([_T.RUNNING], Trigger.CANCEL, _T.CANCELLED, Guard.CANCEL_REQUESTED, "TaskCancelled", *_END),
    *_rows([_T.PENDING], Trigger.PAUSE, _T.PAUSED, Guard.NONE, "TaskPaused"),
    *_rows([_T.PENDING, _T.PAUSED], Trigger.CANCEL, _T.CANCELLED, Guard.NONE, "TaskCancelled", *_END),
    *_rows([_T.PAUSED], Trigger.RESUME, _T.PENDING, Guard.NONE),
    *_rows([_T.FAILED], Trigger.RETRY, _T.PENDING, Guard.RETRIES_LEFT),
    *_rows([_T.FAILED], Trigger.SKIP_STAGE, _T.PENDING, Guard.NONE),
    *_rows([_T.CANCELLED, _T.ROLLED_BACK], Trigger.RETRY, _T.PENDING, Guard.RETRIES_LEFT_FROM_SCRATCH),
    *_rows(
        [_T.COMPLETED, _T.FAILED, _T.CANCELLED, _T.ROLLBACK_FAILED],
        Trigger.ROLL_BACK,
        _T.ROLLING_BACK,
        Guard.ROLLBACK_REQUESTED,
        "TaskRollingBack",
    ),
    *_rows(
        [_T.PAUSED, _T.RUNNING],
        Trigger.ROLL_BACK,
        _T.ROLLING_BACK,
        Guard.ROLLBACK_REQUESTED,
        "TaskRollingBack",
        "TaskRetryCompleted",
    ),
    *_rows(
        [_T.ROLLING_BACK],
        Trigger.ROLLBACK_DONE,
        _T.ROLLED_BACK,
        Guard.ALL_STAGES_DONE,
        "TaskRolledBack",
        "PlanProgress",
    ),
    *_rows(
        [_T.ROLLING_BACK], Trigger.ROLLBACK_FAIL, _T.ROLLBACK_FAILED, Guard.NONE, "TaskRollbackFailed", "PlanProgress"
    ),
)

PLAN_TRANSITIONS: Final[tuple[Transition[PlanState], ...]] = (
    *_rows([_P.CREATED], Trigger.COMMIT, _P.READY, Guard.ALL_TASKS_WRITTEN, "PlanReady"),
    *_rows([_P.READY], Trigger.START, _P.RUNNING, Guard.NONE, "PlanStarted"),
    *_rows([_P.READY, _P.RUNNING], Trigger.PAUSE, _P.PAUSED, Guard.NOTHING_RUNS, "PlanPaused"),
    *_rows([_P.PAUSED], Trigger.RESUME, _P.RUNNING, Guard.NONE, "PlanResumed"),
    # A plan whose last open tasks were cancelled one by one ends from whatever state it is in.
    *_rows([_P.READY, _P.RUNNING, _P.PAUSED], Trigger.CANCEL, _P.CANCELLED, Guard.NOTHING_OPEN, "PlanCancelled"),
    # Paused, and then its last open task, a rollback asked for, was withdrawn.
    *_rows([_P.RUNNING, _P.PAUSED], Trigger.COMPLETE, _P.COMPLETED, Guard.NOTHING_OPEN, "PlanCompleted"),
    *_rows([_P.RUNNING, _P.PAUSED], Trigger.FAIL, _P.FAILED, Guard.NOTHING_OPEN, "PlanFailed"),
    *_rows(
        PLAN_ENDED | {_P.READY, _P.RUNNING, _P.PAUSED},
        Trigger.ROLL_BACK,
        _P.ROLLING_BACK,
        Guard.NONE,
        "PlanRollingBack",
    ),
    # Not going back as a whole, but tasks were rolled back one by one, and nobody cancelled or failed.
    *_rows(
        [_P.ROLLING_BACK, _P.RUNNING, _P.PAUSED],
        Trigger.ROLLBACK_DONE,
        _P.ROLLED_BACK,
        Guard.NOTHING_OPEN,
        "PlanRolledBack",
    ),
    *_rows([_P.ROLLING_BACK], Trigger.ROLLBACK_FAIL, _P.ROLLBACK_FAILED, Guard.NOTHING_OPEN, "PlanRollbackFailed"),
    # It had ended, and its last failure that counted is accepted.
    *_rows([_P.FAILED], Trigger.ACCEPT, _P.COMPLETED, Guard.ALL_FAILURES_ACCEPTED, "PlanCompleted"),
    *_rows(PLAN_ENDED, Trigger.REOPEN, _P.RUNNING, Guard.NONE, "PlanReopened"),
)


def table(rows: Iterable[Transition[State]]) -> dict[tuple[State, Trigger], State]:
    """The rows as a lookup from (state, trigger) to the next state. A pair twice is a mistake in the table."""
    found: dict[tuple[State, Trigger], State] = {}
    for row in rows:
        if (row.source, row.trigger) in found:
            raise ValueError(f"two rows for {row.source} and {row.trigger}")
        found[row.source, row.trigger] = row.target
    return found


TASK_MOVES: Final = table(TASK_TRANSITIONS)
PLAN_MOVES: Final = table(PLAN_TRANSITIONS)
