"""A console that says "not now, in so many seconds" (429) has done nothing: the request waits, and is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from steps.contract import HttpAnswer
from steps.http.retry import retry_after_seconds

MOST_WAITED_SECONDS: Final = 30.0
"""Of one request altogether."""

LEAST_SECONDS: Final = 1.0
"""Where the answer does not say how long."""

_IN_VAIN: Final = "too_many_failures"
"""The address has shown wrong tokens; with another one of them it would only wait longer."""


def pause_seconds(response: httpx.Response, document: Mapping[str, Any], waited_seconds: float) -> float | None:
    """How long to wait before it is asked again; None for an answer that is not of this kind, or for no longer.
    ``document`` is what it says."""
    if document.get("code") == _IN_VAIN:
        return None
    asked = retry_after_seconds(HttpAnswer("", response.status_code, b"", None, dict(response.headers)))
    seconds = max(asked, LEAST_SECONDS)
    return seconds if waited_seconds + seconds <= MOST_WAITED_SECONDS else None
