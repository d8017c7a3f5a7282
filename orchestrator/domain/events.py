"""Everything that the log can say: one model an event, told apart by ``type``, camelCase on the wire.

``sequenceId`` rises by one over the namespace and ``planSequenceId`` by one over the plan; delivery may repeat an
event, so a consumer keeps the last one that it handled and drops what is not newer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from pydantic.alias_generators import to_camel


class FailureInfo(BaseModel):
    """Why a stage or task failed: a stable ``type``, a ``message`` for people, and where.

    The one in events and in answers; unknown keys of a newer version are ignored.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=to_camel)

    type: str
    message: str
    stage_name: str | None = None
    step_name: str | None = None


class EventBase(BaseModel):
    """What every event carries."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=to_camel)

    sequence_id: int
    plan_sequence_id: int
    plan_id: str
    occurred_at: datetime


class TaskEvent(EventBase):
    task_id: str
    tenant_id: str


class StageEvent(TaskEvent):
    stage_name: str


class PlanCreated(EventBase):
    type: Literal["PlanCreated"] = "PlanCreated"
    name: str
    total_tasks: int
    max_concurrency: int


class PlanReady(EventBase):
    type: Literal["PlanReady"] = "PlanReady"
    total_tasks: int


class PlanValidationFailed(EventBase):
    type: Literal["PlanValidationFailed"] = "PlanValidationFailed"
    reason: str


class OperationRequested(EventBase):
    """A person (or a declared policy) asked; written with the state that the call itself changed."""

    type: Literal["OperationRequested"] = "OperationRequested"
    operation: str
    target_type: Literal["plan", "task"]
    target_id: str
    actor: str
    reason: str
    task_id: str | None = None
    tenant_id: str | None = None
    request_id: str | None = None
    """Drawn by who asked; none when it followed from another request (a plan's rollback) or from the system."""
    options: dict[str, JsonValue] = {}


class PlanStarted(EventBase):
    type: Literal["PlanStarted"] = "PlanStarted"


class PlanProgress(EventBase):
    type: Literal["PlanProgress"] = "PlanProgress"
    completed_tasks: int
    total_tasks: int


class PlanPaused(EventBase):
    type: Literal["PlanPaused"] = "PlanPaused"


class PlanResumed(EventBase):
    type: Literal["PlanResumed"] = "PlanResumed"


class PlanReopened(EventBase):
    """An ended plan runs again: it is retried, or one of its tasks is retried or rolled back alone."""

    type: Literal["PlanReopened"] = "PlanReopened"


class PlanCompleted(EventBase):
    type: Literal["PlanCompleted"] = "PlanCompleted"


class PlanFailed(EventBase):
    type: Literal["PlanFailed"] = "PlanFailed"


class PlanCancelled(EventBase):
    type: Literal["PlanCancelled"] = "PlanCancelled"


class PlanRollingBack(EventBase):
    type: Literal["PlanRollingBack"] = "PlanRollingBack"


class PlanRolledBack(EventBase):
    type: Literal["PlanRolledBack"] = "PlanRolledBack"


class PlanRollbackFailed(EventBase):
    type: Literal["PlanRollbackFailed"] = "PlanRollbackFailed"


class PlanPurged(EventBase):
    """Taken out of the ledger; the plan's own log goes with it, the feed keeps this. Its id is free again."""

    type: Literal["PlanPurged"] = "PlanPurged"
    actor: str
    reason: str
    request_id: str | None = None


class TaskCreated(TaskEvent):
    type: Literal["TaskCreated"] = "TaskCreated"


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


class TaskStageStarted(StageEvent):
    type: Literal["TaskStageStarted"] = "TaskStageStarted"


class TaskStageSucceeded(StageEvent):
    type: Literal["TaskStageSucceeded"] = "TaskStageSucceeded"
    duration_millis: int


class TaskStageFailed(StageEvent):
    type: Literal["TaskStageFailed"] = "TaskStageFailed"
    failure_info: FailureInfo


class TaskStageRollingBack(StageEvent):
    type: Literal["TaskStageRollingBack"] = "TaskStageRollingBack"


class TaskStageRolledBack(StageEvent):
    type: Literal["TaskStageRolledBack"] = "TaskStageRolledBack"
    duration_millis: int


class TaskStageRollbackFailed(StageEvent):
    type: Literal["TaskStageRollbackFailed"] = "TaskStageRollbackFailed"
    failure_info: FailureInfo


Event = Annotated[
    PlanCreated
    | PlanReady
    | PlanValidationFailed
    | OperationRequested
    | PlanStarted
    | PlanProgress
    | PlanPaused
    | PlanResumed
    | PlanReopened
    | PlanCompleted
    | PlanFailed
    | PlanCancelled
    | PlanRollingBack
    | PlanRolledBack
    | PlanRollbackFailed
    | PlanPurged
    | TaskCreated
    | TaskWaiting
    | TaskStarted
    | TaskProgress
    | TaskPaused
    | TaskResumed
    | TaskRecovered
    | TaskCompleted
    | TaskFailed
    | TaskCancelled
    | TaskRetryStarted
    | TaskRetryCompleted
    | TaskRollingBack
    | TaskRolledBack
    | TaskRollbackFailed
    | TaskStageStarted
    | TaskStageSucceeded
    | TaskStageFailed
    | TaskStageRollingBack
    | TaskStageRolledBack
    | TaskStageRollbackFailed,
    Field(discriminator="type"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads one event from its wire form."""
