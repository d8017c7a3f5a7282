"""Everything that the log can say: one model an event, told apart by ``type``, camelCase on the wire.

``sequenceId`` rises by one over the namespace and ``planSequenceId`` by one over the plan; delivery may repeat an
event, so a consumer keeps the last one that it handled and drops what is not newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from orchestrator.domain.events.base import EventBase, FailureInfo, OtherEvent, StageEvent, StartEvent, TaskEvent
from orchestrator.domain.events.fleet import (
    FleetHappening,
    PlanBreakerTripped,
    PlanGateApproved,
    PlanGateRejected,
    PlanGateWaiting,
    PlanWaveCompleted,
    PlanWaveSoaking,
    PlanWaveStarted,
    TaskSoakFailed,
)
from orchestrator.domain.events.namespace import (
    FreezeLifted,
    FreezeScope,
    FreezeSet,
    GroupLimitsSet,
    NamespaceEvent,
    NamespaceHappening,
    SignInFailed,
    SignInLinkMade,
    TokenCreated,
    TokenRevoked,
    WebhookRequested,
)
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
    TaskStageSkipped,
    TaskStageStarted,
    TaskStageSucceeded,
)
from orchestrator.domain.events.tasks import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskFailed,
    TaskFailureAccepted,
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

KnownEvent = Annotated[
    OperationRequested | PlanHappening | FleetHappening | TaskHappening | StageHappening | NamespaceHappening,
    Field(discriminator="type"),
]

Event = KnownEvent | OtherEvent

EVENT: TypeAdapter[KnownEvent] = TypeAdapter(KnownEvent)
"""Reads one event of this release from its wire form."""

EVENT_TYPES: tuple[type[EventBase], ...] = get_args(get_args(KnownEvent)[0])

_NAMES = frozenset(model.__name__ for model in EVENT_TYPES)


def event_from(wire: Mapping[str, Any]) -> Event:
    """The event, as an ``OtherEvent`` when this release has no model that it fits. One that lacks what every event
    carries raises pydantic's ``ValidationError``."""
    try:
        return EVENT.validate_python(wire)
    except ValidationError as error:
        is_known = wire.get("type") in _NAMES
        return OtherEvent.damaged(wire, first_fault(error)) if is_known else OtherEvent.model_validate(wire)


def first_fault(error: ValidationError) -> str:
    """What does not fit, without the value that does not."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


__all__ = [
    "EVENT",
    "EVENT_TYPES",
    "Event",
    "EventBase",
    "FailureInfo",
    "FreezeLifted",
    "FreezeScope",
    "FreezeSet",
    "GroupLimitsSet",
    "KnownEvent",
    "NamespaceEvent",
    "OperationRequested",
    "OtherEvent",
    "PlanBreakerTripped",
    "PlanCancelled",
    "PlanCompleted",
    "PlanCreated",
    "PlanFailed",
    "PlanGateApproved",
    "PlanGateRejected",
    "PlanGateWaiting",
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
    "PlanWaveCompleted",
    "PlanWaveSoaking",
    "PlanWaveStarted",
    "SignInFailed",
    "SignInLinkMade",
    "StageEvent",
    "StartEvent",
    "TaskCancelled",
    "TaskCompleted",
    "TaskCreated",
    "TaskEvent",
    "TaskFailed",
    "TaskFailureAccepted",
    "TaskPaused",
    "TaskProgress",
    "TaskRecovered",
    "TaskResumed",
    "TaskRetryCompleted",
    "TaskRetryStarted",
    "TaskRollbackFailed",
    "TaskRolledBack",
    "TaskRollingBack",
    "TaskSoakFailed",
    "TaskStageFailed",
    "TaskStageRollbackFailed",
    "TaskStageRolledBack",
    "TaskStageRollingBack",
    "TaskStageSkipped",
    "TaskStageStarted",
    "TaskStageSucceeded",
    "TaskStarted",
    "TaskWaiting",
    "TokenCreated",
    "TokenRevoked",
    "WebhookRequested",
    "event_from",
    "first_fault",
]
