"""What events say once more, of which the log has told already: names and numbers of a plan, its waves and tasks (I7).

A plan that the log does not tell from its beginning on (it was cut there) is judged only as far as is certain.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain import events as e
from orchestrator.domain.fold_fleet import wave_named
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import TaskState
from orchestrator.history.report import Report
from orchestrator.history.world import World

_Said = tuple[str, object, object]
"""What it is about, what the event says, and what is known."""


def tenant(world: World, event: e.Event, report: Report) -> None:
    """I7: whatever tells of a task names the tenant that it was created for."""
    if not isinstance(event, e.TaskEvent | e.OperationRequested) or world.is_damaged(event.plan_id):
        return
    task = world.tasks.get(event.task_id or "")
    # What a hand has deleted is asked to go by its id alone.
    if task is not None and event.tenant_id and task.tenant_id and event.tenant_id != task.tenant_id:
        message = f"{event.type} of {task.task_id} names tenant {event.tenant_id}, and it is of {task.tenant_id}"
        report.add("I7", message, task.last, event)


def numbers_told(world: World, event: e.Event, report: Report) -> None:
    """I7: numbers of tasks, tenants and stages are what they were, or what has been counted; names are known."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or world.is_damaged(event.plan_id):
        return
    said = _of_a_task(world, event) if isinstance(event, e.TaskEvent) else _of_the_plan(plan, event)
    for what, told, known in said:
        if told != known:
            report.add("I7", f"{event.type} of {plan.plan_id} says {what} {told}, and it is {known}", event)


def _of_the_plan(plan: FoldedPlan, event: e.Event) -> Iterator[_Said]:
    match event:
        case e.PlanReady():
            yield "total", event.total_tasks, plan.total
        case e.PlanProgress():
            yield "total", event.total_tasks, plan.total
            yield "completed", event.completed_tasks, plan.counts[TaskState.COMPLETED]
        case e.PlanWaveStarted():
            wave = wave_named(plan, event.wave)
            yield "tenants of the wave", event.tenants, wave.total if wave is not None else None
        case _:
            pass


def _of_a_task(world: World, event: e.TaskEvent) -> Iterator[_Said]:
    names, task = world.stages.get(event.plan_id, ()), world.tasks.get(event.task_id)
    if isinstance(event, e.StageEvent) and names and event.stage_name not in names:
        yield "stage", event.stage_name, "none of its stages"
    if task is None or not task.whole or not names:
        return
    if isinstance(event, e.TaskStarted | e.TaskProgress) and not task.goes_back:
        yield f"stages of {task.task_id}", event.total_stages, len(names)
    if isinstance(event, e.TaskProgress | e.TaskFailed | e.TaskCompleted):
        yield f"done of {task.task_id}", event.completed_stages, task.done
