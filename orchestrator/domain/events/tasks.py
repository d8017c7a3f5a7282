"""What happens to a task."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from orchestrator.domain.events.base import Counted, FailureInfo, StartEvent, TaskEvent


class TaskCreated(TaskEvent):
    """``labels`` and ``groups`` are its tenant's, as the plan gives them; ``wave`` is the index of its wave, if any."""

    type: Literal["TaskCreated"] = "TaskCreated"
    labels: dict[str, str] | None = None
    groups: list[str] | None = None
    wave: Counted | None = None


class TaskWaiting(TaskEvent):
    """Passed over: ``holder`` is the task that holds the tenant, or that waits for it in front of this one."""

    type: Literal["TaskWaiting"] = "TaskWaiting"
    reason: str
    holder: str


class TaskStarted(StartEvent):
    type: Literal["TaskStarted"] = "TaskStarted"
    total_stages: Counted


class TaskProgress(TaskEvent):
    type: Literal["TaskProgress"] = "TaskProgress"
    completed_stages: Counted
    total_stages: Counted


class TaskPaused(TaskEvent):
    type: Literal["TaskPaused"] = "TaskPaused"


class TaskResumed(StartEvent):
    type: Literal["TaskResumed"] = "TaskResumed"


class TaskRecovered(TaskEvent):
    type: Literal["TaskRecovered"] = "TaskRecovered"
    epoch: Counted
    reason: str


class TaskCompleted(TaskEvent):
    """``duration_millis`` is the time since the start of this attempt; ``paused_millis`` of it were spent paused."""

    type: Literal["TaskCompleted"] = "TaskCompleted"
    duration_millis: int
    paused_millis: int = 0
    completed_stages: Counted


class TaskFailed(TaskEvent):
    type: Literal["TaskFailed"] = "TaskFailed"
    failure_info: FailureInfo
    completed_stages: Counted
    failed_stage: str | None = None


class TaskFailureAccepted(TaskEvent):
    """Its failure does not count any more, neither for a breaker nor for the end of its plan."""

    type: Literal["TaskFailureAccepted"] = "TaskFailureAccepted"
    actor: str
    reason: str


class CancelledBy(BaseModel):
    """Who gave a task up: a person or program that asked for it (manual), Changeover itself (system: ``reason`` says
    why), or a rule that the plan declares (policy)."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, alias_generator=to_camel)

    kind: Literal["system", "manual", "policy"]
    actor: str
    reason: str | None = None


def _of_before(value: Any) -> Any:
    """Before 0.2 it was the actor alone."""
    if not isinstance(value, str):
        return value
    word, colon, why = value.partition(": ")
    if word == "system":
        return {"kind": "system", "actor": word, "reason": why if colon else None}
    return {"kind": "policy" if value == "policy" else "manual", "actor": value}


class TaskCancelled(TaskEvent):
    type: Literal["TaskCancelled"] = "TaskCancelled"
    cancelled_by: Annotated[CancelledBy, BeforeValidator(_of_before)]
    last_stage: str | None = None


class TaskRetryStarted(StartEvent):
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
