"""What happens to a stage of a task."""

from __future__ import annotations

from typing import Literal

from orchestrator.domain.events.base import FailureInfo, StageEvent


class TaskStageStarted(StageEvent):
    type: Literal["TaskStageStarted"] = "TaskStageStarted"


class TaskStageSucceeded(StageEvent):
    type: Literal["TaskStageSucceeded"] = "TaskStageSucceeded"
    duration_millis: int


class TaskStageFailed(StageEvent):
    type: Literal["TaskStageFailed"] = "TaskStageFailed"
    failure_info: FailureInfo


class TaskStageSkipped(StageEvent):
    """It failed, and its task goes on behind it: at its next admission it is recorded without being run."""

    type: Literal["TaskStageSkipped"] = "TaskStageSkipped"
    actor: str
    reason: str


class TaskStageRollingBack(StageEvent):
    type: Literal["TaskStageRollingBack"] = "TaskStageRollingBack"


class TaskStageRolledBack(StageEvent):
    type: Literal["TaskStageRolledBack"] = "TaskStageRolledBack"
    duration_millis: int


class TaskStageRollbackFailed(StageEvent):
    type: Literal["TaskStageRollbackFailed"] = "TaskStageRollbackFailed"
    failure_info: FailureInfo


StageHappening = (
    TaskStageStarted
    | TaskStageSucceeded
    | TaskStageFailed
    | TaskStageSkipped
    | TaskStageRollingBack
    | TaskStageRolledBack
    | TaskStageRollbackFailed
)
"""Every model above: one that is not here is not in the log."""
