"""Times as people and programs give them, read alike at every door: command line, HTTP API, page, audit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

EXPECTED: Final = "expected a time such as 2026-12-01T02:00:00Z or 2026-12-01"


def read_moment(text: object) -> datetime:
    """ISO 8601, UTC without a zone; a number is none, whatever might be counted by it. Raises ``ValueError`` that says
    what was expected."""
    try:
        if not isinstance(text, str):
            raise TypeError(text)
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(EXPECTED) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_or_as_given(text: Any) -> Any:
    """The same; what is no time as it stands, for a call that refuses it together with all else that is wrong."""
    try:
        return read_moment(text)
    except ValueError:
        return text
