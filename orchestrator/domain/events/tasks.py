"""What happens to a task."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from orchestrator.domain.events.base import FailureInfo, TaskEvent


class TaskCreated(TaskEvent):
    """``labels`` and ``groups`` are its tenant's, as the plan gives them; ``wave`` is the index of its wave, if any."""

    type: Literal["TaskCreated"] = "TaskCreated"
    labels: dict[str, str] | None = None
    groups: list[str] | None = None
    wave: int | None = None


class TaskWaiting(TaskEvent):
    """Passed over: ``holder`` is the task that holds the tenant, or that waits for it in front of this one."""

    type: Literal["TaskWaiting"] = "TaskWaiting"
    reason: str
    holder: str


class TaskStarted(TaskEvent):
    type: Literal["TaskStarted"] = "TaskStarted"
    total_stages: int


class TaskProgress(TaskEvent):
    type: Literal["TaskProgress"] = "TaskProgress"
    completed_stages: int
    total_stages: int


class TaskPaused(TaskEvent):
    type: Literal["TaskPaused"] = "TaskPaused"


class TaskResumed(TaskEvent):
    type: Literal["TaskResumed"] = "TaskResumed"


class TaskRecovered(TaskEvent):
    type: Literal["TaskRecovered"] = "TaskRecovered"
    epoch: int
    reason: str


class TaskCompleted(TaskEvent):
    """``duration_millis`` is all the time from start to end; ``paused_millis`` of it were spent paused."""

    type: Literal["TaskCompleted"] = "TaskCompleted"
    duration_millis: int
    paused_millis: int = 0
    completed_stages: int


class TaskFailed(TaskEvent):
    type: Literal["TaskFailed"] = "TaskFailed"
    failure_info: FailureInfo
    completed_stages: int
    failed_stage: str | None = None


class TaskFailureAccepted(TaskEvent):
    """Its failure does not count any more, neither for a breaker nor for the end of its plan."""

    type: Literal["TaskFailureAccepted"] = "TaskFailureAccepted"
    actor: str
    reason: str


class TaskCancelled(TaskEvent):
    type: Literal["TaskCancelled"] = "TaskCancelled"
    cancelled_by: str
    last_stage: str | None = None


class TaskRetryStarted(TaskEvent):
    type: Literal["TaskRetryStarted"] = "TaskRetryStarted"
    from_checkpoint: bool


class TaskRetryCompleted(TaskEvent):
    type: Literal["TaskRetryCompleted"] = "TaskRetryCompleted"
    from_checkpoint: bool
    success: bool


class TaskRollingBack(TaskEvent):
    type: Literal["TaskRollingBack"] = "TaskRollingBack"
    stages_to_rollback: list[str]


class TaskRolledBack(TaskEvent):
    """``restored`` is the identity that the tenant has again: deploy unit id, version, name."""

    type: Literal["TaskRolledBack"] = "TaskRolledBack"
    restored: dict[str, JsonValue]


class TaskRollbackFailed(TaskEvent):
    type: Literal["TaskRollbackFailed"] = "TaskRollbackFailed"
    failure_info: FailureInfo


TaskHappening = (
    TaskCreated
    | TaskWaiting
    | TaskStarted
    | TaskProgress
    | TaskPaused
    | TaskResumed
    | TaskRecovered
    | TaskCompleted
    | TaskFailed
    | TaskFailureAccepted
    | TaskCancelled
    | TaskRetryStarted
    | TaskRetryCompleted
    | TaskRollingBack
    | TaskRolledBack
    | TaskRollbackFailed
)
"""Every model above: one that is not here is not in the log."""
