"""The rules of admission that the log alone can break: I1, I2, I3, I5. Each looks at one event and the world before it.

A plan that the log does not tell from its beginning on (it was cut there) is judged only as far as is certain.
"""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.history.report import Report
from orchestrator.history.world import World

MOVE_ADMISSIONS = ADMISSIONS - {"TaskRollingBack"}


def exclusion(world: World, event: e.Event, report: Report) -> None:
    """I1: an admission takes a tenant that nobody else holds."""
    if isinstance(event, e.TaskEvent) and event.type in ADMISSIONS:
        holder = world.holders.get(event.tenant_id)
        if holder is not None and holder != event.task_id:
            taken = world.tasks[holder].last
            report.add("I1", f"{event.task_id} takes {event.tenant_id}, which {holder} holds", taken, event)


def cap(world: World, event: e.Event, report: Report) -> None:
    """I2: an admission finds a free slot."""
    if isinstance(event, e.TaskEvent) and event.type in ADMISSIONS:
        plan = world.plans.get(event.plan_id)
        if plan is None or not plan.created or event.task_id in plan.active:
            return
        if len(plan.active) >= plan.max_concurrency:
            report.add("I2", f"{event.task_id} is admitted while all {plan.max_concurrency} slots are taken", event)


def order(world: World, event: e.Event, report: Report) -> None:
    """I3: whoever is admitted stands first among those that do not wait for a tenant (one slot: among all)."""
    if not isinstance(event, e.TaskEvent) or event.type not in MOVE_ADMISSIONS:
        return
    plan, task = world.plans.get(event.plan_id), world.tasks.get(event.task_id)
    if plan is None or task is None or not plan.created:
        return
    other = world.queue.before(plan, task)
    if other is not None:
        report.add("I3", f"{task.task_id} is admitted before {other.task_id}, which stands before it", event)


def boundary(world: World, event: e.Event, report: Report) -> None:
    """I5: after a pause, cancel or rollback was asked for no stage starts; after it acted nothing till a resume."""
    plan, task = world.plans.get(event.plan_id), world.tasks.get(getattr(event, "task_id", None) or "")
    if plan is None or task is None or isinstance(event, e.OperationRequested):
        return
    asked = task.cancel_asked or plan.cancel_asked or task.pause_asked or plan.pause_asked
    if asked and event.type in {"TaskStageStarted", *MOVE_ADMISSIONS}:
        report.add("I5", f"{event.type} of {task.task_id} after it was asked to stop", asked, event)
    elif isinstance(event, e.TaskStageStarted) and (task.rollback_asked or _goes_back(plan)):
        message = f"{event.type} of {task.task_id} after it was asked to go back"
        report.add("I5", message, task.rollback_asked or plan.last, event)
    if isinstance(event, e.TaskStageStarted | e.TaskStageSucceeded) and task.state is TaskState.PAUSED:
        report.add("I5", f"{event.type} of {task.task_id} while it is paused", task.last, event)
    if plan.known and plan.state is not PlanState.RUNNING and event.type in MOVE_ADMISSIONS:
        report.add("I5", f"{task.task_id} is admitted while its plan is {plan.state}", event)


def _goes_back(plan: FoldedPlan) -> bool:
    return plan.known and plan.state is PlanState.ROLLING_BACK


def mid_stage(world: World, event: e.Event, report: Report) -> None:
    """I5: a task that runs pauses, is given up or turns back between stages, or in the one whose worker was lost."""
    if not isinstance(event, e.TaskPaused | e.TaskCancelled | e.TaskRollingBack):
        return
    task = world.tasks.get(event.task_id)
    if task is None or task.state is not TaskState.RUNNING or not task.stage or world.is_damaged(event.plan_id):
        return
    recovered = world.recoveries[event.task_id][-1:]
    if not recovered or recovered[0].sequence_id < task.stage_started:
        message = f"{event.type} of {task.task_id} in the middle of its stage {task.stage}"
        report.add("I5", message, task.stage_started, event)


def plan_pause(world: World, event: e.Event, report: Report) -> None:
    """I5: PlanPaused comes with the end of the last running stage."""
    plan = world.plans.get(event.plan_id)
    if isinstance(event, e.PlanPaused) and plan is not None:
        running = [task for task in plan.active.values() if task.state is TaskState.RUNNING]
        if running:
            report.add("I5", f"{plan.plan_id} is paused while {running[0].task_id} runs", running[0].last, event)
