"""The part of the fold that is about stages: which are recorded, which a way back has still to do."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import TaskState


def move_stage(task: FoldedTask, event: e.StageEvent) -> None:
    """A stage begins, is recorded, or fails."""
    name = event.stage_name
    match event:
        case e.TaskStageStarted() | e.TaskStageRollingBack():
            task.stage, task.stage_started = name, event.sequence_id
            if task.wave is not None:
                task.wave.has_begun = True
            if isinstance(event, e.TaskStageStarted) and name not in task.touched:
                task.touched.append(name)
        case e.TaskStageSucceeded():
            task.recorded.append(name)
            task.stage = ""
        case e.TaskStageRolledBack():
            task.rolled_back.append(name)
            if task.to_roll_back is not None:
                task.to_roll_back = [one for one in task.to_roll_back if one != name]
            task.stage = ""
        case _:
            task.stage = ""


def begin_way_back(task: FoldedTask, event: e.TaskEvent | None) -> None:
    """One that failed goes on at the stage where it stopped, or begins anew; any other begins. ``event`` tells of it,
    if the log does."""
    told = list(event.stages_to_rollback) if isinstance(event, e.TaskRollingBack) else None
    if task.state is not TaskState.ROLLBACK_FAILED or not set(told or ()).isdisjoint(task.rolled_back):
        task.rolled_back = []
    task.goes_back, task.stage, task.to_roll_back = True, "", told
