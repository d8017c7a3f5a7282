"""Why a worker's gate refuses a message."""

from __future__ import annotations

from typing import Any

from workers.gate import NotOurs, made_anew


def why_refused(item: Any) -> str | None:
    """In a few words; None when it is a message of ours."""
    try:
        made_anew(item)
    except NotOurs as reason:
        return str(reason)
    return None
