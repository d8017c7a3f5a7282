"""What was asked for, accepted, and does not come. Each rule looks at one event and the world before it, and at where
the log ends: a write is told whole, so nothing is owed there.

``asked_rules.py`` says the converse: who has asked for what comes.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.history.owed_view import Owed, is_of_a_newer_release
from orchestrator.history.report import Report
from orchestrator.history.world import World

_STOPS: Final = frozenset({"TaskPaused", "TaskCancelled"})
_BEFORE_A_PAUSE: Final = frozenset(
    {
        *("TaskWaiting", "TaskRetryCompleted", "PlanProgress", "PlanBreakerTripped", "PlanRollingBack", "PlanPaused"),
        *("PlanWaveStarted", "PlanWaveSoaking", "PlanWaveCompleted", "PlanGateWaiting"),
    }
)
"""What the write that stops the last running task of a pausing plan tells before PlanPaused."""


def owed(world: World, event: e.Event, report: Report) -> None:
    """I4, I5, I7: what stands in the same write as an event stands right behind it."""
    due = world.owed.of_plan.get(event.plan_id)
    if due is None or world.is_damaged(event.plan_id) or due.is_met_by(event):
        return
    if not due.stays_over(event, world.tasks.get(getattr(event, "task_id", None) or "")):
        message = f"{event.type} follows {due}, and not its {' or '.join(due.kinds)}"
        report.add(_broken(due), message, due.event, event)


def _broken(due: Owed) -> str:
    if isinstance(due.event, e.StageEvent):
        return "I4"
    return "I5" if _STOPS & set(due.kinds) else "I7"


def pause_owed(world: World, event: e.Event, report: Report) -> None:
    """I5: a plan that is asked to pause, and of which nobody runs, pauses at once."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not _has_to_pause(plan) or world.is_damaged(event.plan_id):
        return
    is_over = isinstance(event, e.PlanPurged) or PLAN_STATE_AFTER.get(event.type) in PLAN_ENDED
    by_policy = isinstance(event, e.OperationRequested) and event.actor == "policy"
    if not (is_over or by_policy or is_of_a_newer_release(event) or event.type in _BEFORE_A_PAUSE):
        message = f"{event.type} of {plan.plan_id}, which was asked to pause, while nobody of it runs"
        report.add("I5", message, plan.pause_asked, event)


def _has_to_pause(plan: FoldedPlan) -> bool:
    is_asked = plan.created and plan.known and plan.pause_asked and plan.state in (PlanState.READY, PlanState.RUNNING)
    return bool(is_asked) and not any(task.state is TaskState.RUNNING for task in plan.active.values())


def check_nothing_owed(world: World, report: Report) -> None:
    """The same rules, where the log ends."""
    for plan_id, due in world.owed.of_plan.items():
        if not world.is_damaged(plan_id):
            report.add(_broken(due), f"{due} is told, and not its {' or '.join(due.kinds)}", due.event)
    for plan in world.plans.values():
        if _has_to_pause(plan) and not world.is_damaged(plan.plan_id):
            message = f"{plan.plan_id} was asked to pause, nobody of it runs, and it is {plan.state}"
            report.add("I5", message, plan.pause_asked)
