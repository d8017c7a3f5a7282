"""The rules of numbers, submission, repeats and end that the log alone can break: I6, I11, I12, I17. Each looks at one
event and the world before it."""

from __future__ import annotations

from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import PLAN_ENDED, PLAN_OPEN, TASK_ENDED, PlanState, TaskState
from orchestrator.history.report import Report
from orchestrator.history.world import World, asked_by

_UNDONE: Final = ("PlanRolledBack", "PlanRollbackFailed")
_WORST_FIRST: Final = (
    (TaskState.CANCELLED, ("PlanCancelled",)),
    (TaskState.ROLLED_BACK, ("PlanRolledBack",)),
)
NUMBER_KEPT_MS: Final = 90 * 86_400_000
"""How long a later plan of the same id counts on from one that is gone; ``includes/plan_gone.lua`` has it, too."""

_ENDS_A_DRAFT: Final = frozenset({"PlanValidationFailed", "PlanPurged"})


def numbers(world: World, event: e.Event, report: Report) -> None:
    """I6: ids rise by one over the namespace."""
    begins = world.is_cut and not world.sequence
    if not begins and event.sequence_id != world.sequence + 1:
        report.add("I6", f"sequenceId goes from {world.sequence} to {event.sequence_id}", event)


def sequence(world: World, event: e.Event, report: Report) -> None:
    """I6: ids rise by one, over the namespace and over each plan."""
    numbers(world, event, report)
    told_at = world.plan_times.get(event.plan_id, 0)
    is_forgotten = event.occurred_at.timestamp() * 1000 - told_at >= NUMBER_KEPT_MS
    if event.plan_id not in world.plans and event.plan_sequence_id == 1 and is_forgotten:
        # The first of its id; or one was abandoned or purged so long ago that its number is not kept any more.
        return
    if event.plan_id not in world.plan_numbers and world.is_cut:
        return
    before = world.plan_numbers.get(event.plan_id, 0)
    if event.plan_sequence_id != before + 1:
        report.add("I6", f"planSequenceId of {event.plan_id} goes from {before} to {event.plan_sequence_id}", event)


def submission(world: World, event: e.Event, report: Report) -> None:
    """I11: a plan is created once, written whole before it is ready, and runs nothing before that."""
    plan = world.plans.get(event.plan_id)
    match event:
        case e.PlanCreated():
            if plan is not None:
                report.add("I11", f"plan {event.plan_id} is created twice", plan.created, event)
            return
        case e.PlanReady() if plan is not None:
            if plan.state is not PlanState.CREATED:
                report.add("I11", f"plan {event.plan_id} becomes ready while {plan.state}", event)
            if plan.created and len(plan.tasks) != plan.total:
                report.add("I11", f"{event.plan_id} is ready with {len(plan.tasks)} of its tasks", plan.created, event)
        case e.TaskCreated():
            if event.task_id in world.tasks:
                report.add("I11", f"task {event.task_id} is created twice", event)
        case _:
            if plan is not None and plan.state is PlanState.CREATED and event.type not in _ENDS_A_DRAFT:
                report.add("I11", f"{event.type} in {event.plan_id}, which is not ready", event)
    if plan is None and not world.is_cut:
        report.add("I11", f"{event.type} of plan {event.plan_id}, which was never created", event)


def repeat(world: World, event: e.Event, report: Report) -> None:
    """I17: the same request again changes nothing, so its id stands once with each target; and a freeze is set once."""
    asked = asked_by(event)
    earlier = world.requests.get(asked) if asked else None
    if asked and earlier is not None:
        what = event.operation if isinstance(event, e.OperationRequested) else event.type
        report.add("I17", f"request {asked[0]} acts on {asked[1]} again ({what})", earlier, event)
    if isinstance(event, e.FreezeSet) and event.freeze_id in world.freezes.standing:
        report.add("I17", f"freeze {event.freeze_id} is set again", world.freezes.standing[event.freeze_id], event)


def plan_end(world: World, event: e.Event, report: Report) -> None:
    """I12: a plan ends with all its tasks ended, as the worst of them, unless it was cancelled or rolled back whole."""
    plan = world.plans.get(event.plan_id)
    is_early = plan is not None and plan.known and plan.state in PLAN_OPEN
    if plan is not None and is_early and isinstance(event, e.PlanPurged) and not event.forced:
        report.add("I12", f"{plan.plan_id} is purged while {plan.state}", plan.last, event)
    if plan is None or PLAN_STATE_AFTER.get(event.type) not in PLAN_ENDED:
        return
    for task in plan.tasks.values():
        if task.whole and task.state not in TASK_ENDED:
            report.add("I12", f"{event.type} with {task.task_id} {task.state}", task.last, event)
        elif task.whole and task.rollback_asked:
            report.add("I12", f"{event.type} with the way back of {task.task_id} asked for", task.rollback_asked, event)
    if plan.created and plan.known and event.type not in _right_ends(plan):
        report.add("I12", f"{event.type} of {plan.plan_id}, which should be {' or '.join(_right_ends(plan))}", event)
    # The failure that counted last may be accepted later.
    is_better = plan.state is PlanState.FAILED and event.type == "PlanCompleted"
    if plan.state in PLAN_ENDED and not is_better:
        report.add("I12", f"{plan.plan_id} ends twice", plan.last, event)
    accepted = plan.accepted_failures + plan.skipped
    if isinstance(event, e.PlanCompleted) and plan.created and event.accepted_failures != accepted:
        report.add("I12", f"{plan.plan_id} tells of {event.accepted_failures} accepted failures of {accepted}", event)


def _right_ends(plan: FoldedPlan) -> tuple[str, ...]:
    """How the plan may end, all its tasks having ended. A rollback that was withdrawn leaves no trace in its task."""
    if plan.state is PlanState.ROLLING_BACK:
        stays = plan.counts[TaskState.ROLLBACK_FAILED] or any(task.touched for task in plan.tasks.values())
        return _UNDONE[1:] if stays else _UNDONE
    if plan.cancel_asked:
        return ("PlanCancelled",)
    # Those that are accepted do not count.
    failed = plan.counts[TaskState.FAILED] + plan.counts[TaskState.ROLLBACK_FAILED] - plan.accepted_failures
    worst = [("PlanFailed",)] * (failed > 0) + [ends for state, ends in _WORST_FIRST if plan.counts[state]]
    return worst[0] if worst else ("PlanCompleted",)
