"""The control plane of Changeover. ``Client`` is the way in for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.domain.errors import (
    ChangeoverError,
    InvalidInput,
    NotAllowed,
    NotFound,
    PlanConflict,
    Problem,
    Unreachable,
)

if TYPE_CHECKING:
    from orchestrator.client import Client
    from orchestrator.control.consumer import EventConsumer, EventsMissed
    from orchestrator.control.event_cursors import EventPosition, FileCursor

# Grouped by what a reader looks for, not by letter.
__all__ = [  # noqa: RUF022
    "Client",
    "EventConsumer",
    "EventPosition",
    "FileCursor",
    # Errors
    "ChangeoverError",
    "EventsMissed",
    "InvalidInput",
    "NotAllowed",
    "NotFound",
    "PlanConflict",
    "Problem",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    # Loaded at first use: every process of ours imports this package, few need the client and all that it brings.
    if name == "Client":
        from orchestrator.client import Client

        return Client
    if name in ("EventConsumer", "EventsMissed"):
        from orchestrator.control import consumer

        return getattr(consumer, name)
    if name in ("EventPosition", "FileCursor"):
        from orchestrator.control import event_cursors

        return getattr(event_cursors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
