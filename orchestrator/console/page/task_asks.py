"""What a button asks of one tenant's move before it does anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from orchestrator.console.access.roles import Permission
from orchestrator.console.page.asks import FORCE, OVERRIDE, Ask, Checkbox, effect
from orchestrator.console.page.words import count
from orchestrator.control.answers import TaskStatus
from orchestrator.domain.status import TaskState


def _pause(task: TaskStatus) -> Ask:
    at = f"stage {task.current_stage}" if task.current_stage else "the stage under way"
    effects = (effect("stop", f"It ends {at}, then stops and stays held"),)
    return Ask(f"Pause {task.tenant_id}", "Pause", effects, needs_reason=False)


def _resume(task: TaskStatus) -> Ask:
    left = count(task.total_stages - task.completed_stages, "stage")
    effects = (effect("go", f"It goes on, with {left} to go"),)
    return Ask(f"Resume {task.tenant_id}", "Resume", effects, needs_reason=False)


def _cancel(task: TaskStatus) -> Ask:
    effects = (effect("end", f"It stops with {count(task.completed_stages, 'stage')} done; nothing is taken back"),)
    return Ask(f"Cancel the move of {task.tenant_id}", "Cancel the move", effects, is_dangerous=True)


def _retry(task: TaskStatus) -> Ask:
    effects = (effect("go", f"It queues again, and goes on behind {count(task.completed_stages, 'good stage')}"),)
    scratch = Checkbox("from_scratch", "From the first stage on", is_on=task.status != TaskState.FAILED)
    choices = (scratch, FORCE, OVERRIDE)
    return Ask(f"Retry {task.tenant_id}", "Retry", effects, choices=choices, needs_reason=False)


def _rollback(task: TaskStatus) -> Ask:
    effects = (effect("back", "Every stage that was begun is done again with the old config, the last one first"),)
    return Ask(f"Roll {task.tenant_id} back", "Roll back", effects, is_dangerous=True, choices=(FORCE,))


def _skip_stage(task: TaskStatus) -> Ask:
    stage = task.failure_info.stage_name if task.failure_info else None
    effects = (
        effect("bad", f"Stage {stage or 'that failed'} is recorded as skipped, without being done"),
        effect("go", "The move goes on behind it"),
    )
    return Ask(f"Skip a stage of {task.tenant_id}", "Skip it", effects)


def _accept(task: TaskStatus) -> Ask:
    effects = (
        effect("bad", "It does not count any more, for breakers or the plan's end"),
        effect("stay", "The tenant stays as it is"),
    )
    return Ask(f"Accept the failure of {task.tenant_id}", "Accept", effects)


def _release(task: TaskStatus) -> Ask:
    effects = (
        effect("bad", "Its task fails and can record nothing more"),
        effect("end", "Another plan may take the tenant at once"),
    )
    force = Checkbox("force", "Also while a worker is at it", permission=Permission.RELEASE)
    title = f"Release {task.tenant_id}"
    return Ask(title, "Release", effects, Permission.RELEASE, is_dangerous=True, choices=(force,))


TASK_ASKS: Final[Mapping[str, Callable[[TaskStatus], Ask]]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "retry": _retry,
    "rollback": _rollback,
    "skip-stage": _skip_stage,
    "accept": _accept,
    "release": _release,
}
