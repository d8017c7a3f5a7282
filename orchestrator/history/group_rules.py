"""I16: holders of a group never exceed its limit, over all plans; judged from the log alone."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.history.report import Report
from orchestrator.history.world import World


def groups(world: World, event: e.Event, report: Report) -> None:
    """I16: an admission finds a place in each of the task's groups; a rollback passes its plan's own limits."""
    if not isinstance(event, e.TaskEvent) or event.type not in ADMISSIONS:
        return
    task = world.tasks.get(event.task_id)
    if task is None or not task.whole or task.state in TASK_ACTIVE:
        return
    for name, most in world.groups.limits_of(task, is_rollback=isinstance(event, e.TaskRollingBack)):
        holders = world.groups.holders[name]
        if len(holders) >= most:
            taken = (world.tasks[holder].last for holder in sorted(holders) if holder in world.tasks)
            message = f"{task.task_id} is admitted while all {most} places of group {name} are taken"
            report.add("I16", message, *list(taken)[:5], event)
