"""Nothing moves that nobody asked for: rollback, retry, pause and cancel follow from a person's request, from what the
plan declares, or from an event that says why. Each rule looks at one event and the world before it.

The table of transitions says where a move may lead (``move_rules.py``), these rules who has asked for it: what the
guards of the table ask of the ledger. A plan or task that the log does not tell from its beginning on (it was cut
there) is judged only as far as is certain.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold_fleet import breakers_of
from orchestrator.domain.folded import FoldedPlan, FoldedTask
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.history.admission_rules import MOVE_ADMISSIONS
from orchestrator.history.asked_view import TAKES_BACK
from orchestrator.history.report import Report
from orchestrator.history.world import World

_FOLLOWS: Final[dict[str, frozenset[str]]] = {
    "PlanResumed": frozenset({"resume"}),
    "PlanRollingBack": frozenset({"rollback"}),
    "PlanReopened": frozenset({"retry", "rollback", "skip-stage", "accept"}),
}
"""Of a plan's moves that come in the very write of a request: what may have been asked for right before."""


def admission_kind(world: World, event: e.Event, report: Report) -> None:
    """I7: an admission says how its task comes: for the first time, with what it held over its pause, or retried."""
    if not isinstance(event, e.TaskEvent) or event.type not in MOVE_ADMISSIONS:
        return
    task = _whole(world, event)
    if task is None or task.state is not TaskState.PENDING:
        return
    wanted = "TaskResumed" if task.holds else "TaskRetryStarted" if task.attempt > 1 else "TaskStarted"
    if event.type != wanted:
        message = f"{event.type} of {task.task_id}, in its attempt {task.attempt}: nobody asked for that, but {wanted}"
        report.add("I7", message, task.last, event)


def stop_asked(world: World, event: e.Event, report: Report) -> None:
    """I5: a task pauses, is given up or turns back since that was asked of it or of its plan."""
    if not isinstance(event, e.TaskPaused | e.TaskCancelled | e.TaskRollingBack):
        return
    task, plan = _whole(world, event), world.plans.get(event.plan_id)
    if task is None or plan is None or not plan.created:
        return
    if not _is_asked(world, plan, task, event):
        report.add("I5", f"{event.type} of {task.task_id}, which is {task.state}: nobody asked", task.last, event)


def _is_asked(
    world: World, plan: FoldedPlan, task: FoldedTask, event: e.TaskPaused | e.TaskCancelled | e.TaskRollingBack
) -> bool:
    goes_back, runs = plan.state is PlanState.ROLLING_BACK, task.state is TaskState.RUNNING
    if isinstance(event, e.TaskRollingBack):
        # A running one turns at its boundary without being asked by itself.
        return bool(task.rollback_asked) or (goes_back and runs)
    due = world.owed.of_plan.get(plan.plan_id)
    if due is not None and due.is_met_by(event):
        return True
    if runs and task.rollback_asked:
        return False
    if isinstance(event, e.TaskPaused):
        gives_up = goes_back or task.cancel_asked or plan.cancel_asked
        return runs and not gives_up and bool(task.pause_asked or plan.pause_asked)
    # One whose tenant another has moved since is given up before it starts, and its event says so.
    says_why = event.cancelled_by.kind == "system" and bool(event.cancelled_by.reason)
    return goes_back or bool(task.cancel_asked or plan.cancel_asked) or (says_why and task.state is TaskState.PENDING)


def plan_asked(world: World, event: e.Event, report: Report) -> None:
    """I5, I7: a plan pauses since somebody asked; it goes on, goes back or runs again in the write of a request."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or world.is_damaged(event.plan_id):
        return
    if isinstance(event, e.PlanPaused) and not plan.pause_asked:
        report.add("I5", f"{plan.plan_id} is paused, and nobody asked", plan.last, event)
    wanted, newest = _FOLLOWS.get(event.type), world.asked.newest.get(event.plan_id)
    if wanted is None or newest is None:
        return
    # A gate that was asked once the last failure was accepted keeps the plan open.
    is_accepted = isinstance(newest, e.TaskFailureAccepted) and "accept" in wanted
    if not is_accepted and not (isinstance(newest, e.OperationRequested) and newest.operation in wanted):
        message = f"{event.type} of {plan.plan_id}, which was {plan.state}: nobody asked right before"
        report.add("I7", message, newest, event)


def followed_up(world: World, event: e.Event, report: Report) -> None:
    """I7: what a request for a whole plan asks of its tasks follows from such a request, that is still in force."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or world.is_damaged(event.plan_id):
        return
    if not isinstance(event, e.OperationRequested) or not event.options.get("ofPlan") or event.actor == "policy":
        return
    match event.operation:
        case "resume":
            is_so = event.target_id in plan.paused and not plan.pause_asked
        case "rollback":
            is_so = plan.state is PlanState.ROLLING_BACK
        case "retry":
            # A narrowed one is asked for in each of its scripts.
            is_so = bool(event.request_id) or "retry" in world.asked.of_plan[event.plan_id]
        case _:
            return
    if not is_so:
        report.add("I7", f"{event.operation} of {event.target_id} with its plan: nobody asked that of the plan", event)


def policy_asked(world: World, event: e.Event, report: Report) -> None:
    """I14: the policy of a plan asks for what a breaker that has tripped asks for, and for nothing else."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or world.is_damaged(event.plan_id):
        return
    if not isinstance(event, e.OperationRequested) or event.actor != "policy" or event.options.get("autoRollback"):
        return
    if event.target_type == "task":
        is_so = plan.state is PlanState.ROLLING_BACK or TAKES_BACK in world.asked.of_plan[event.plan_id]
    else:
        # A retry of very many may leave the breaker open, or some back, in the plan that went on meanwhile.
        still_open = any(part.is_breached or part.waits_for_answer for part in breakers_of(plan))
        is_so = event.plan_id in world.trips or (event.operation == "pause" and still_open)
    if not is_so:
        report.add("I14", f"policy asks for {event.operation} of {event.target_id}, and no breaker has tripped", event)


def retry_end(world: World, event: e.Event, report: Report) -> None:
    """I7: a retry ends that has started."""
    if isinstance(event, e.TaskRetryCompleted) and event.task_id not in world.asked.retrying:
        task = _whole(world, event)
        if task is not None:
            report.add("I7", f"a retry of {task.task_id} ends that has not started", task.last, event)


def _whole(world: World, event: e.TaskEvent) -> FoldedTask | None:
    """The task, if the log tells of all that became of it."""
    task = world.tasks.get(event.task_id)
    return task if task is not None and task.whole and task.known and not world.is_damaged(event.plan_id) else None
