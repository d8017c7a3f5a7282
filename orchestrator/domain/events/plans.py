"""What happens to a plan."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from orchestrator.domain.events.base import Counted, EventBase
from orchestrator.domain.events.fleet import ToleranceTold, WaveTold


class PlanCreated(EventBase):
    type: Literal["PlanCreated"] = "PlanCreated"
    name: str
    total_tasks: Counted
    max_concurrency: Annotated[int, Field(ge=1)]
    failure_tolerance: ToleranceTold | None = None
    on_breach: str | None = None
    waves: tuple[WaveTold, ...] = ()
    group_limits: dict[str, Counted] = Field(default_factory=dict)
    priority: int = 0
    starts_per_minute: Counted | None = None
    not_before: AwareDatetime | None = None
    not_after: AwareDatetime | None = None
    auto_rollback: str | None = None
    actor: str | None = None
    """Who submitted it; none by a release that did not tell."""


class PlanReady(EventBase):
    type: Literal["PlanReady"] = "PlanReady"
    total_tasks: Counted


class PlanValidationFailed(EventBase):
    type: Literal["PlanValidationFailed"] = "PlanValidationFailed"
    reason: str


class PlanStarted(EventBase):
    type: Literal["PlanStarted"] = "PlanStarted"


class PlanProgress(EventBase):
    type: Literal["PlanProgress"] = "PlanProgress"
    completed_tasks: Counted
    total_tasks: Counted


class PlanPaused(EventBase):
    type: Literal["PlanPaused"] = "PlanPaused"


class PlanResumed(EventBase):
    type: Literal["PlanResumed"] = "PlanResumed"


class PlanReopened(EventBase):
    """An ended plan runs again: it is retried, or one of its tasks is retried or rolled back alone."""

    type: Literal["PlanReopened"] = "PlanReopened"


class PlanCompleted(EventBase):
    """``accepted_failures``: so many of its tasks have failed, which was accepted, or have left a failed stage out."""

    type: Literal["PlanCompleted"] = "PlanCompleted"
    accepted_failures: Counted = 0


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
    forced: bool = False
    """It had not ended: damaged records kept it from that."""


PlanHappening = (
    PlanCreated
    | PlanReady
    | PlanValidationFailed
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
)
"""Every model above: one that is not here is not in the log."""
