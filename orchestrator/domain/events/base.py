"""What events share: who they are of, their numbers, and why something failed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict
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
    """What every event carries; fields that a newer release has added are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, alias_generator=to_camel)

    sequence_id: int
    plan_sequence_id: int
    plan_id: str
    occurred_at: datetime


class TaskEvent(EventBase):
    task_id: str
    tenant_id: str


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
    task_id: str | None = None
    tenant_id: str | None = None
    stage_name: str | None = None
