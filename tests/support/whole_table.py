"""The transition tables once more, written out by hand from the design: an edit of the code's tables must be meant.

``test_transitions.py`` holds the two together. The model and the ledger beside it stand on this one, and the situations
of ``test_table.py`` are made with it: a row that the code's table lacks fails the tests of that row and no other, as
``tests/integration/ledger/test_rows_left_out.py`` shows of each.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.transitions import Guard, State, Transition, Trigger, table
from orchestrator.domain.waves import WaveMove, WaveState, WaveTrigger
from orchestrator.ledger.script_source import Tables

Row = tuple[str, str, str]
"""Kind (task, plan or wave), source and trigger."""

# from, trigger, to, guard
_TASKS: Final = """
PENDING         admit         RUNNING         free_slot_and_tenant
PENDING         pause         PAUSED          none
PENDING         cancel        CANCELLED       none
RUNNING         complete      COMPLETED       all_stages_done
RUNNING         fail          FAILED          none
RUNNING         pause         PAUSED          pause_requested
RUNNING         cancel        CANCELLED       cancel_requested
RUNNING         roll_back     ROLLING_BACK    rollback_requested
PAUSED          resume        PENDING         none
PAUSED          cancel        CANCELLED       none
PAUSED          roll_back     ROLLING_BACK    rollback_requested
COMPLETED       roll_back     ROLLING_BACK    rollback_requested
COMPLETED       soak_fail     FAILED          wave_soaks
FAILED          retry         PENDING         retries_left
FAILED          skip_stage    PENDING         none
FAILED          roll_back     ROLLING_BACK    rollback_requested
CANCELLED       retry         PENDING         retries_left_from_scratch
CANCELLED       roll_back     ROLLING_BACK    rollback_requested
ROLLING_BACK    rollback_done ROLLED_BACK     all_stages_done
ROLLING_BACK    rollback_fail ROLLBACK_FAILED none
ROLLED_BACK     retry         PENDING         retries_left_from_scratch
ROLLBACK_FAILED roll_back     ROLLING_BACK    rollback_requested
"""
_PLANS: Final = """
CREATED         commit        READY           all_tasks_written
READY           pause         PAUSED          nothing_runs
READY           cancel        CANCELLED       nothing_open
READY           roll_back     ROLLING_BACK    none
READY           start         RUNNING         none
RUNNING         complete      COMPLETED       nothing_open
RUNNING         fail          FAILED          nothing_open
RUNNING         pause         PAUSED          nothing_runs
RUNNING         cancel        CANCELLED       nothing_open
RUNNING         roll_back     ROLLING_BACK    none
RUNNING         rollback_done ROLLED_BACK     nothing_open
PAUSED          complete      COMPLETED       nothing_open
PAUSED          fail          FAILED          nothing_open
PAUSED          resume        RUNNING         none
PAUSED          cancel        CANCELLED       nothing_open
PAUSED          roll_back     ROLLING_BACK    none
PAUSED          rollback_done ROLLED_BACK     nothing_open
COMPLETED       roll_back     ROLLING_BACK    none
COMPLETED       reopen        RUNNING         none
FAILED          roll_back     ROLLING_BACK    none
FAILED          reopen        RUNNING         none
FAILED          accept        COMPLETED       all_failures_accepted
CANCELLED       roll_back     ROLLING_BACK    none
CANCELLED       reopen        RUNNING         none
ROLLING_BACK    rollback_done ROLLED_BACK     nothing_open
ROLLING_BACK    rollback_fail ROLLBACK_FAILED nothing_open
ROLLED_BACK     roll_back     ROLLING_BACK    none
ROLLED_BACK     reopen        RUNNING         none
ROLLBACK_FAILED roll_back     ROLLING_BACK    none
ROLLBACK_FAILED reopen        RUNNING         none
"""
# from, trigger, to
_WAVES: Final = """
PENDING         begin         OPEN
OPEN            soak          SOAKING
OPEN            ask           GATED
OPEN            finish        PASSED
SOAKING         ask           GATED
SOAKING         finish        PASSED
SOAKING         stop          OPEN
GATED           reject        REJECTED
GATED           finish        PASSED
GATED           stop          OPEN
REJECTED        ask           GATED
REJECTED        finish        PASSED
REJECTED        stop          OPEN
PASSED          undo          OPEN
"""


def _rows(text: str, states: type[State]) -> tuple[Transition[State], ...]:
    return tuple(
        Transition(states(source), Trigger(trigger), states(target), Guard(guard), ())
        for source, trigger, target, guard in (line.split() for line in text.strip().splitlines())
    )


def _wave_rows(text: str) -> tuple[WaveMove, ...]:
    return tuple(
        WaveMove(WaveState(source), WaveTrigger(trigger), WaveState(target))
        for source, trigger, target in (line.split() for line in text.strip().splitlines())
    )


WHOLE: Final = Tables(_rows(_TASKS, TaskState), _rows(_PLANS, PlanState), _wave_rows(_WAVES))
TASK_MOVES: Final = table(WHOLE.tasks)
PLAN_MOVES: Final = table(WHOLE.plans)


def by_row(tables: Tables) -> dict[Row, Transition[TaskState] | Transition[PlanState] | WaveMove]:
    tasks = {("task", row.source.value, row.trigger.value): row for row in tables.tasks}
    plans = {("plan", row.source.value, row.trigger.value): row for row in tables.plans}
    waves = {("wave", row.source.value, row.trigger.value): row for row in tables.waves}
    return {**tasks, **plans, **waves}


def without(tables: Tables, left_out: Row) -> Tables:
    """A row less."""
    return Tables(
        tuple(row for row in tables.tasks if ("task", row.source, row.trigger) != left_out),
        tuple(row for row in tables.plans if ("plan", row.source, row.trigger) != left_out),
        tuple(row for row in tables.waves if ("wave", row.source, row.trigger) != left_out),
    )


def named(row: Row) -> str:
    """With the state it leads to, which a table that lacks the row cannot say."""
    kind, source, trigger = row
    return f"{kind}: from {source}, on {trigger}, to {by_row(WHOLE)[row].target}"
