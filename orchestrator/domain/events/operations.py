"""What was asked for."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from orchestrator.domain.events.base import EventBase
from orchestrator.domain.task_id import plan_of


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
    options: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_its_plan(self) -> Self:
        if self.plan_id != (self.target_id if self.target_type == "plan" else plan_of(self.target_id)):
            raise ValueError("targetId is neither the plan nor a task of it")
        return self
