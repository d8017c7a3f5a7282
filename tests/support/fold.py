"""Folds the event log into the state of plans and tasks (I7): what a consumer can know without asking the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.events import Event, OperationRequested, PlanCreated, StageEvent, TaskEvent
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState

T, P = TaskState, PlanState

TASK_EVENTS: Final = {
    "TaskCreated": T.PENDING,
    "TaskStarted": T.RUNNING,
    "TaskResumed": T.RUNNING,
    "TaskRetryStarted": T.RUNNING,
    "TaskPaused": T.PAUSED,
    "TaskCompleted": T.COMPLETED,
    "TaskFailed": T.FAILED,
    "TaskCancelled": T.CANCELLED,
    "TaskRollingBack": T.ROLLING_BACK,
    "TaskRolledBack": T.ROLLED_BACK,
    "TaskRollbackFailed": T.ROLLBACK_FAILED,
}
PLAN_EVENTS: Final = {
    "PlanReady": P.READY,
    "PlanStarted": P.RUNNING,
    "PlanPaused": P.PAUSED,
    "PlanResumed": P.RUNNING,
    "PlanCompleted": P.COMPLETED,
    "PlanFailed": P.FAILED,
    "PlanCancelled": P.CANCELLED,
    "PlanRollingBack": P.ROLLING_BACK,
    "PlanRolledBack": P.ROLLED_BACK,
    "PlanRollbackFailed": P.ROLLBACK_FAILED,
}
_ADMITTED: Final = {T.RUNNING, T.ROLLING_BACK}


@dataclass
class FoldedTask:
    """One task as its events tell it."""

    tenant_id: str
    status: TaskState = T.PENDING
    pause: bool = False
    cancel: bool = False
    rollback: bool = False
    by_plan: bool = False
    """Paused by its plan, so that the plan's resume lets it go on."""
    holds: bool = False
    done: int = 0
    """Stages recorded in the direction that it goes."""

    def clear_wishes(self) -> None:
        self.pause = self.cancel = self.by_plan = False


@dataclass
class FoldedPlan:
    """One plan as its events tell it."""

    status: PlanState = P.CREATED
    pause: bool = False
    cancel: bool = False
    tasks: dict[str, FoldedTask] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> dict[str, FoldedPlan]:
    """The plans by id, after all these events in order."""
    plans: dict[str, FoldedPlan] = {}
    for event in events:
        if isinstance(event, PlanCreated):
            plans[event.plan_id] = FoldedPlan()
        elif event.type in ("PlanValidationFailed", "PlanPurged"):
            del plans[event.plan_id]
        elif isinstance(event, OperationRequested):
            _operation(plans[event.plan_id], event)
        elif isinstance(event, TaskEvent):
            _task_event(plans[event.plan_id], event)
        elif event.type in PLAN_EVENTS:
            _plan_event(plans[event.plan_id], PLAN_EVENTS[event.type])
    return plans


def _plan_event(plan: FoldedPlan, status: PlanState) -> None:
    plan.status = status
    if status in PLAN_ENDED:
        plan.pause = False
    elif status is P.ROLLING_BACK:
        plan.pause = plan.cancel = False


def _task_event(plan: FoldedPlan, event: TaskEvent) -> None:
    kind = str(getattr(event, "type", ""))
    if kind == "TaskCreated":
        plan.tasks[event.task_id] = FoldedTask(event.tenant_id)
        return
    task = plan.tasks[event.task_id]
    if isinstance(event, StageEvent):
        task.done += kind in ("TaskStageSucceeded", "TaskStageRolledBack")
        return
    status = TASK_EVENTS.get(kind)
    if status is None:
        return
    if status is T.PAUSED:
        task.by_plan = task.status is T.RUNNING and not task.pause
        task.pause = False
    else:
        if status is T.ROLLING_BACK:
            task.rollback = False
            task.done = task.done if task.status is T.ROLLBACK_FAILED else 0
        if status is not T.RUNNING:
            task.clear_wishes()
        task.holds = status in _ADMITTED
    task.status = status


def _operation(plan: FoldedPlan, event: OperationRequested) -> None:
    if event.target_type == "plan":
        _plan_operation(plan, event.operation)
        return
    task = plan.tasks[event.target_id]
    runs = task.status is T.RUNNING
    match event.operation:
        case "pause":
            task.pause, task.by_plan = runs, False
        case "resume":
            task.pause = task.by_plan = False
            task.status = T.RUNNING if runs else T.PENDING
        case "cancel" if event.options.get("withdraws") == "rollback":
            task.rollback = False
        case "cancel":
            task.cancel = runs
        case "retry":
            task.status = T.PENDING
            task.done = task.done if event.options["fromCheckpoint"] else 0
            _reopen(plan)
        case "rollback":
            task.rollback, task.by_plan = True, False
            _reopen(plan)


def _plan_operation(plan: FoldedPlan, operation: str) -> None:
    if operation == "pause":
        plan.pause = True
    elif operation == "cancel":
        plan.cancel = True
    elif operation == "resume":
        plan.pause = False
        for task in plan.tasks.values():
            if task.by_plan:
                task.status, task.by_plan = T.PENDING, False


def _reopen(plan: FoldedPlan) -> None:
    if plan.status in PLAN_ENDED:
        plan.status, plan.cancel = P.RUNNING, False
