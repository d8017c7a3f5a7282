"""What events share: who they are of, their numbers, and why something failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

from orchestrator.domain.task_id import plan_of

Counted = Annotated[int, Field(ge=0)]
"""How many of something there are."""


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
    """What every event carries; fields that a newer release has added are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, alias_generator=to_camel)

    sequence_id: int
    plan_sequence_id: int
    plan_id: Annotated[str, Field(min_length=1)]
    occurred_at: AwareDatetime


class TaskEvent(EventBase):
    task_id: str
    tenant_id: str

    @model_validator(mode="after")
    def _of_its_plan(self) -> Self:
        if plan_of(self.task_id) != self.plan_id:
            raise ValueError("taskId is of no task of the plan")
        return self


NOT_FOR_PEOPLE: Final = frozenset({"ledgerClockMillis"})
"""What lines for people leave out: it means nothing by itself."""


class StartEvent(TaskEvent):
    """A move starts: one of those that ``starts_per_minute`` counts.

    ``ledger_clock_millis`` is the ledger's clock at that moment, by which the rate goes: in ms, it never goes back, and
    goes on while ``occurred_at`` stands still since Redis' clock was put back. Only its differences mean anything.
    None in what a release before 0.2 has written.
    """

    ledger_clock_millis: int | None = None


class StageEvent(TaskEvent):
    stage_name: str


class OtherEvent(EventBase):
    """An event that this release cannot read: of a newer one, or damaged by a hand. It is told as it is stored."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, alias_generator=to_camel)

    if TYPE_CHECKING:
        # None of this release's, so that comparing the type with one of them tells the models apart.
        type: Literal["?"]
    else:
        type: str
    plan_id: str
    task_id: str | None = None
    tenant_id: str | None = None
    stage_name: str | None = None
    _fault: str = PrivateAttr(default="")

    @classmethod
    def damaged(cls, wire: Mapping[str, Any], fault: str) -> OtherEvent:
        """One that is of no newer release, and still fits nothing."""
        event = cls.model_validate(wire)
        event._fault = fault
        return event

    @property
    def fault(self) -> str:
        """What is wrong with a damaged one; "" of one that a newer release may have written so."""
        return self._fault
