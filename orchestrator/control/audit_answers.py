"""What the audit answers: who asked for what, when, why, and what came of it; camelCase as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field, JsonValue

from orchestrator.control.answers import Answer
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.moments import read_moment


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """``actor``, ``tenant`` and ``plan`` are ids or patterns (``eu-*``); ``since``: from this moment on."""

    actor: str | None = None
    tenant: str | None = None
    plan: str | None = None
    since: datetime | None = None


class AuditEntry(Answer):
    """One request. ``targets``: how many tasks it was about, where one request was written down for each of them;
    ``outcome``: the event that told its end, ``done`` for what is done in the call, ``superseded`` when something else
    was asked before, ``refused`` for a sign-in, null while it is under way, ``unknown`` when what followed is not kept.
    """

    sequence_id: int
    at: str
    actor: str
    operation: str
    target_type: str
    target_id: str
    targets: int = 1
    plan_id: str | None = None
    tenant_id: str | None = None
    reason: str = ""
    request_id: str | None = None
    options: dict[str, JsonValue] = Field(default_factory=dict)
    outcome: str | None = None
    outcome_at: str | None = None


class AuditPage(Answer):
    """The oldest first, or the newest. ``next_cursor``: where the next page begins, None behind the last. A page may
    hold fewer rows than asked for, and there may be more behind it all the same."""

    entries: list[AuditEntry]
    next_cursor: str | None = None


def read_since(text: str | None, name: str) -> datetime | None:
    """A time as people give it: ISO 8601, UTC without a zone. Raises ``InvalidInput``."""
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError as error:
        raise InvalidInput([Problem(name, text, str(error))]) from None
