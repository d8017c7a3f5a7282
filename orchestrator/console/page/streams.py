"""Server-sent events for the live pages: whoever reconnects says what it has, and gets what is newer.

The door ends a stream whose session or token does not hold any more (``access/streams.py``).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import Request
from starlette.responses import StreamingResponse

from orchestrator.console.page.shared import Watched

QUIET_SECONDS: Final = 15.0
"""A comment is sent after so long, so that nothing between takes the stream for dead."""

Message = tuple[str, str]
"""An event's name and what it says."""


def message(name: str, told: str, token: str = "") -> str:
    """One event as it is sent."""
    lines = "".join(f"data: {line}\n" for line in told.split("\n"))
    return f"event: {name}\n{f'id: {token}' + chr(10) if token else ''}{lines}\n"


def seen_of(request: Request, watched: Watched, since: str) -> int:
    """The version that the viewer has: of its last message, else of the page that it was given."""
    return watched.seen(request.headers.get("last-event-id", "")) or watched.seen(since)


def stream(watched: Watched, seen: int, told: Callable[[int], list[Message]]) -> StreamingResponse:
    """The stream of a thing that is watched; ``told``: what is new since a version."""
    return StreamingResponse(
        _messages(watched, seen, told),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _messages(watched: Watched, seen: int, told: Callable[[int], list[Message]]) -> AsyncIterator[str]:
    yield "retry: 1500\n\n"
    is_away = False
    async for version in watched.news(seen, QUIET_SECONDS):
        if version > 0:
            if is_away:
                # Though nothing else is new.
                yield message("here", "Redis answers again")
                is_away = False
            for name, text in told(seen):
                yield message(name, text, watched.token)
            seen = version
        elif version < 0:
            is_away = True
            yield message("away", "Redis does not answer; what you see is as it was")
        else:
            yield ": still here\n\n"


def compact(value: Any) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))
