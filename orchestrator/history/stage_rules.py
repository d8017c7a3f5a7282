"""The rules of stages and epochs that the log alone can break: I4, I8. Each looks at one event and the world before it.

A task that the log does not tell from its beginning on (it was cut there) is judged only as far as is certain.
"""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.history.report import Report
from orchestrator.history.world import World


def stages(world: World, event: e.Event, report: Report) -> None:
    """I4: stages start in order, each after the one before is recorded; a recorded one is not run again."""
    task = world.tasks.get(getattr(event, "task_id", None) or "")
    if task is None or not task.known or not isinstance(event, e.StageEvent):
        return
    names, name = world.stages.get(event.plan_id, ()), event.stage_name
    match event:
        case e.TaskStageStarted():
            if name in task.recorded:
                report.add("I4", f"{task.task_id} runs the recorded stage {name} again", event)
            elif task.whole and names and list(names[: len(task.recorded) + 1]) != [*task.recorded, name]:
                report.add("I4", f"{task.task_id} starts {name} with {task.recorded or 'nothing'} recorded", event)
            elif name == task.stage:
                report.add("I4", f"{task.task_id}: {name} is started twice in one attempt", task.stage_started, event)
        case e.TaskStageSucceeded() | e.TaskStageFailed():
            if name != task.stage and (task.whole or task.stage):
                report.add("I4", f"{task.task_id}: {name} ends without having started", event)
            if task.state is not TaskState.RUNNING:
                report.add("I4", f"{task.task_id}: {name} ends while the task is {task.state}", event)
        case e.TaskStageRollingBack() | e.TaskStageRolledBack():
            if name in task.rolled_back:
                report.add("I4", f"{task.task_id}: {name} is rolled back twice", event)
            if task.state is not TaskState.ROLLING_BACK:
                report.add("I4", f"{task.task_id}: {name} is rolled back while the task is {task.state}", event)
        case _:
            pass


def whole_way_back(world: World, event: e.Event, report: Report) -> None:
    """I4: a way back takes every stage that has begun, one by one in the order that it says, and leaves none."""
    task = world.tasks.get(getattr(event, "task_id", None) or "")
    if task is None or not task.known or world.is_damaged(event.plan_id):
        return
    left = task.to_roll_back
    match event:
        case e.TaskRollingBack():
            if task.whole and list(event.stages_to_rollback) not in _ways_back(task):
                message = (
                    f"{task.task_id} goes back over {list(event.stages_to_rollback)}, and has begun {task.touched}"
                )
                report.add("I4", message, event)
        case e.TaskStageRollingBack():
            if task.stage:
                report.add("I4", f"{task.task_id} rolls {event.stage_name} back in the middle of {task.stage}", event)
            elif left is not None and event.stage_name not in left[:1]:
                report.add("I4", f"{task.task_id} rolls {event.stage_name} back, and {left} are left, in order", event)
        case e.TaskStageRolledBack() | e.TaskStageRollbackFailed():
            if event.stage_name != task.stage and (left is not None or task.stage):
                report.add("I4", f"{task.task_id}: {event.stage_name} is rolled back without having begun to", event)
        case e.TaskRolledBack() if left:
            report.add("I4", f"{task.task_id} is rolled back, and {left} are not", event)
        case _:
            pass


def _ways_back(task: FoldedTask) -> list[list[str]]:
    """What it may go back over, front to back or not: one that failed goes on where it stopped, or begins anew."""
    begun = [task.touched]
    if task.state is TaskState.ROLLBACK_FAILED:
        begun.append([name for name in task.touched if name not in task.rolled_back])
    return [way for names in begun for way in (names, names[::-1])]


def completion(world: World, event: e.Event, report: Report) -> None:
    """I4: a task completes with every stage recorded, once and in order."""
    if isinstance(event, e.TaskCompleted):
        names, task = world.stages.get(event.plan_id, ()), world.tasks.get(event.task_id)
        if task and task.whole and names and task.recorded != list(names):
            report.add("I4", f"{task.task_id} completes with {task.recorded} recorded of {list(names)}", event)


def failed_stage(world: World, event: e.Event, report: Report) -> None:
    """I4: a stage that fails is the one that its task names, which ends by it; no task fails within another."""
    if world.is_damaged(event.plan_id):
        return
    due = world.owed.of_plan.get(event.plan_id)
    if due is not None and isinstance(due.event, e.StageEvent):
        stage = due.event.stage_name
        if due.is_met_by(event) and isinstance(event, e.TaskFailed) and event.failed_stage not in (None, stage):
            message = f"{event.task_id} fails in {event.failed_stage}, and what failed is {stage}"
            report.add("I4", message, due.event, event)
    elif isinstance(event, e.TaskFailed | e.TaskRollbackFailed):
        task = world.tasks.get(event.task_id)
        if task is not None and task.known and task.stage:
            report.add("I4", f"{event.task_id} fails within {task.stage}, which did not", task.stage_started, event)


def epochs(world: World, event: e.Event, report: Report) -> None:
    """I8: each recovery draws a higher epoch than any before it, and only of a task that is active."""
    if isinstance(event, e.TaskRecovered):
        task = world.tasks.get(event.task_id)
        if task is None or not task.known:
            return
        last = world.recoveries[event.task_id][-1] if world.recoveries[event.task_id] else None
        if last is not None and event.epoch <= last.epoch:
            report.add(
                "I8", f"{event.task_id} is recovered under epoch {event.epoch}, not above {last.epoch}", last, event
            )
        if task.state not in TASK_ACTIVE:
            report.add("I8", f"{event.task_id} is recovered while {task.state}", event)


def fence(world: World, event: e.Event, report: Report) -> None:
    """I8: what does not hold its tenant records nothing."""
    by_hand = isinstance(event, e.TaskStageSkipped)
    if isinstance(event, e.StageEvent | e.TaskProgress | e.TaskCompleted) and not by_hand:
        task = world.tasks.get(event.task_id)
        if task is not None and task.known and world.holders.get(event.tenant_id) != event.task_id:
            report.add("I8", f"{event.type} of {event.task_id}, which does not hold {event.tenant_id}", event)
