"""What was asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from orchestrator.domain.events.base import EventBase


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
