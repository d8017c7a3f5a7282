"""I15: no move of a frozen tenant is admitted; judged from the log alone, by the times that its events tell."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.history.freeze_view import ms_of
from orchestrator.history.report import Report
from orchestrator.history.world import World


def frozen(world: World, event: e.Event, report: Report) -> None:
    """I15. What turns at a boundary was admitted before, and ends what it has begun."""
    if not isinstance(event, e.TaskEvent) or event.type not in ADMISSIONS:
        return
    task = world.tasks.get(event.task_id)
    if task is None or not task.whole or task.state in TASK_ACTIVE:
        return
    is_rollback = isinstance(event, e.TaskRollingBack)
    freeze = world.freezes.stops(task, ms_of(event.occurred_at), is_rollback=is_rollback)
    if freeze is not None:
        message = f"{task.task_id} is admitted while {freeze.freeze_id} freezes {task.tenant_id}"
        report.add("I15", message, freeze, event)
