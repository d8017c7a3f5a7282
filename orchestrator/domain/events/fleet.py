"""What happens to a plan's waves, gates and breakers."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator.domain.events.base import Counted, EventBase, FailureInfo, TaskEvent

LONGEST_SECONDS: Final = 1e11
"""More than three thousand years: what no plan waits for, and no calendar can add."""


class ToleranceTold(BaseModel):
    """How many failures are borne."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    count: Counted
    mode: str = "soft"


class WaveTold(BaseModel):
    """A wave as PlanCreated tells it: numbers resolved; ``gate`` is manual, http or none."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)

    name: str
    tenants: Counted
    max_concurrency: Counted | None = None
    failure_tolerance: ToleranceTold | None = None
    soak_seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS)] | None = None
    gate: str | None = None


class PlanWaveStarted(EventBase):
    """From now on tenants of this wave are admitted."""

    type: Literal["PlanWaveStarted"] = "PlanWaveStarted"
    wave: str
    tenants: Counted


class PlanWaveSoaking(EventBase):
    """Its tenants have ended; those that completed are looked at again until then."""

    type: Literal["PlanWaveSoaking"] = "PlanWaveSoaking"
    wave: str
    until: AwareDatetime


class PlanWaveCompleted(EventBase):
    """Done with; ``failed`` counts against its tolerance."""

    type: Literal["PlanWaveCompleted"] = "PlanWaveCompleted"
    wave: str
    failed: Counted


class PlanGateWaiting(EventBase):
    """The next wave waits for an approval."""

    type: Literal["PlanGateWaiting"] = "PlanGateWaiting"
    wave: str


class PlanGateApproved(EventBase):
    type: Literal["PlanGateApproved"] = "PlanGateApproved"
    wave: str
    actor: str
    reason: str
    request_id: str | None = None


class PlanGateRejected(EventBase):
    """The plan is paused by it."""

    type: Literal["PlanGateRejected"] = "PlanGateRejected"
    wave: str
    actor: str
    reason: str
    request_id: str | None = None


class PlanBreakerTripped(EventBase):
    """More have failed than are borne, of the wave that is named, else of the plan; ``action`` is what follows."""

    type: Literal["PlanBreakerTripped"] = "PlanBreakerTripped"
    wave: str | None = None
    failed: Counted
    tolerance: Counted
    action: str


class TaskSoakFailed(TaskEvent):
    """The tenant was no longer there in two looks in a row, so its task is FAILED."""

    type: Literal["TaskSoakFailed"] = "TaskSoakFailed"
    failure_info: FailureInfo


FleetHappening = (
    PlanWaveStarted
    | PlanWaveSoaking
    | PlanWaveCompleted
    | PlanGateWaiting
    | PlanGateApproved
    | PlanGateRejected
    | PlanBreakerTripped
    | TaskSoakFailed
)
"""Every model above: one that is not here is not in the log."""
