"""What events share: who they are of, their numbers, and why something failed."""

from __future__ import annotations

from datetime import datetime

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
