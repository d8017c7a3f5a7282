"""Everything that the log can say: one model an event, told apart by ``type``, camelCase on the wire.

``sequenceId`` rises by one over the namespace and ``planSequenceId`` by one over the plan; delivery may repeat an
event, so a consumer keeps the last one that it handled and drops what is not newer.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from orchestrator.domain.events.base import EventBase, FailureInfo, StageEvent, TaskEvent
from orchestrator.domain.events.operations import OperationRequested
from orchestrator.domain.events.plans import (
    PlanCancelled,
    PlanCompleted,
    PlanCreated,
    PlanFailed,
    PlanHappening,
    PlanPaused,
    PlanProgress,
    PlanPurged,
    PlanReady,
    PlanReopened,
    PlanResumed,
    PlanRollbackFailed,
    PlanRolledBack,
    PlanRollingBack,
    PlanStarted,
    PlanValidationFailed,
)
from orchestrator.domain.events.stages import (
    StageHappening,
    TaskStageFailed,
    TaskStageRollbackFailed,
    TaskStageRolledBack,
    TaskStageRollingBack,
    TaskStageStarted,
    TaskStageSucceeded,
)
from orchestrator.domain.events.tasks import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskFailed,
    TaskHappening,
    TaskPaused,
    TaskProgress,
    TaskRecovered,
    TaskResumed,
    TaskRetryCompleted,
    TaskRetryStarted,
    TaskRollbackFailed,
    TaskRolledBack,
    TaskRollingBack,
    TaskStarted,
    TaskWaiting,
)

Event = Annotated[OperationRequested | PlanHappening | TaskHappening | StageHappening, Field(discriminator="type")]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads one event from its wire form."""

__all__ = [
    "EVENT",
    "Event",
    "EventBase",
    "FailureInfo",
    "OperationRequested",
    "PlanCancelled",
    "PlanCompleted",
    "PlanCreated",
    "PlanFailed",
    "PlanPaused",
    "PlanProgress",
    "PlanPurged",
    "PlanReady",
    "PlanReopened",
    "PlanResumed",
    "PlanRollbackFailed",
    "PlanRolledBack",
    "PlanRollingBack",
    "PlanStarted",
    "PlanValidationFailed",
    "StageEvent",
    "TaskCancelled",
    "TaskCompleted",
    "TaskCreated",
    "TaskEvent",
    "TaskFailed",
    "TaskPaused",
    "TaskProgress",
    "TaskRecovered",
    "TaskResumed",
    "TaskRetryCompleted",
    "TaskRetryStarted",
    "TaskRollbackFailed",
    "TaskRolledBack",
    "TaskRollingBack",
    "TaskStageFailed",
    "TaskStageRollbackFailed",
    "TaskStageRolledBack",
    "TaskStageRollingBack",
    "TaskStageStarted",
    "TaskStageSucceeded",
    "TaskStarted",
    "TaskWaiting",
]
