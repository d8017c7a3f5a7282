"""What became of an operation that was waited for, in words: what happened, not what was going to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.output import note
from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.domain.errors import LEFT
from orchestrator.domain.status import TASK_OPEN, PlanState, TaskState
from orchestrator.domain.typed import typed

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.target import OperationTarget


def what_happened(client: Client, target: OperationTarget) -> str:
    """How the plan or task stands now that the wait is over; ``target`` is no tenant."""
    if target.type == "plan":
        return plan_words(client.summary(target.identifier))
    return task_words(client.task_status(target.identifier))


@contextmanager
def tells_that_it_stands(target: OperationTarget) -> Iterator[None]:
    """Ctrl-C ends the waiting, not what was asked for: says so, and ends the command."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"what was asked for stands; to look: {typed('status', target.identifier)}")
        raise typer.Exit(LEFT) from None


def plan_words(plan: PlanSummary) -> str:
    """``12 of 14 tasks COMPLETED, 2 FAILED``."""
    total = sum(plan.counts.values())
    known = [(state.value, plan.counts[state]) for state in _SAID if plan.counts.get(state)]
    if not known:
        return "it has no tasks"
    (state, count), *rest = known
    head = f"{count} of {total} task{'' if total == 1 else 's'} {state}"
    open_ones = sum(plan.counts.get(state, 0) for state in TASK_OPEN)
    tail = "; nothing of it runs" if open_ones and not _runs(plan) else ""
    if plan.status == PlanState.ROLLBACK_FAILED and plan.waits_because:
        tail += f"; {plan.waits_because}"
    return ", ".join([head, *(f"{count} {state}" for state, count in rest)]) + tail


def task_words(task: TaskStatus) -> str:
    """Where it stopped and why, or how long it took."""
    took = "" if task.duration_millis is None else f" after {task.duration_millis / 1000:.1f} s"
    done = f"{task.completed_stages} of {task.total_stages} stages {'back' if task.goes_back else 'done'}"
    failure = task.failure_info
    if failure is not None:
        where = " / ".join(name for name in (failure.stage_name, failure.step_name) if name)
        return f"failed{took}{f' at {where}' if where else ''}: {failure.type}: {failure.message}"
    return f"{done}{took}"


_SAID = (
    TaskState.COMPLETED,
    TaskState.ROLLED_BACK,
    TaskState.FAILED,
    TaskState.ROLLBACK_FAILED,
    TaskState.CANCELLED,
    TaskState.PAUSED,
    TaskState.RUNNING,
    TaskState.ROLLING_BACK,
    TaskState.PENDING,
)


def _runs(plan: PlanSummary) -> bool:
    return bool(plan.counts.get(TaskState.RUNNING) or plan.counts.get(TaskState.ROLLING_BACK))
