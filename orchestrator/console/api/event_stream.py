"""Events as a stream (text/event-stream) that a reader can take up again where it broke off.

Every event has its ``sequenceId`` as ``id``; a reader that comes back with the last one as ``Last-Event-ID`` gets what
is behind it, all of it and nothing twice. Besides events there are ``missed`` (the feed has lost some that were behind
the reader's place) and ``reset`` (a fail-over took events back, and their numbers come again). Every 15 seconds without
an event there is a comment, with the place as ``id``, so that a narrow filter does not leave the reader's place behind.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orchestrator.console.access.stream_threads import run_for_streams
from orchestrator.console.api.event_hub import EventHub, Followed, told
from orchestrator.domain.events import Event

HEARTBEAT_SECONDS: Final = 15.0
SEND_SECONDS: Final = 30.0
"""A reader that takes nothing for so long is cut off; it comes back by its ``Last-Event-ID``."""

AHEAD_SECONDS: Final = 3.0
"""The hub is behind the log for less than that, unless Redis is away."""

STREAM_PAGE: Final = 500
ReadPage = Callable[[int], Sequence[Event]]
"""The next events of the log after a sequence id, ``STREAM_PAGE`` at most; blocks."""


class EventPieces:
    """One reader's stream. ``read`` asks the log; the hub has what is new."""

    def __init__(self, hub: EventHub, followed: Followed, since: int, read: ReadPage) -> None:
        self._hub = hub
        self._followed = followed
        self._position = since
        self._read = read

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        async with self._hub.following():
            resets, ahead_since = self._hub.resets, None
            while True:
                if self._hub.resets != resets:
                    resets = self._hub.resets
                    # Not to where the hub is by now: what came after the fail-over is still to be sent.
                    yield self._reset(self._hub.back_to)
                elif self._position > self._hub.position:
                    # The log was read a moment ago, and the hub comes after; or these numbers are no more.
                    ahead_since = ahead_since or time.monotonic()
                    if time.monotonic() - ahead_since > AHEAD_SECONDS and not self._hub.is_away:
                        yield self._reset(self._hub.position)
                    else:
                        await self._hub.wait(self._position, AHEAD_SECONDS)
                    continue
                elif self._position < self._hub.base:
                    async for piece in self._from_log():
                        yield piece
                elif self._position < self._hub.position:
                    sent, self._position = self._hub.piece(self._followed, self._position)
                    if sent:
                        yield sent
                elif not await self._hub.wait(self._position, HEARTBEAT_SECONDS):
                    yield f": nothing new\nid: {self._position}\n\n".encode()
                ahead_since = None

    def _reset(self, position: int) -> bytes:
        self._position = position
        return _special("reset", self._position, {"lastSequenceId": self._position})

    async def _from_log(self) -> AsyncIterator[bytes]:
        """The next page of what has left the ring, or was never in it."""
        # Asked first: what the log holds then is all up to here.
        reach = self._hub.position
        page = await run_for_streams(partial(self._read, self._position))
        if self._followed.plan_id is None and self._position and page and page[0].sequence_id > self._position + 1:
            missed = {"first": self._position + 1, "last": page[0].sequence_id - 1}
            yield _special("missed", missed["last"], missed)
        shown = [one.sent for one in map(told, page) if self._followed.passes(one)]
        self._position = page[-1].sequence_id if page else self._position
        if len(page) < STREAM_PAGE:
            self._position = max(self._position, reach)
        if shown:
            yield b"".join(shown)


class EventStream(Response):
    """Sends pieces until the reader leaves, or takes nothing any more."""

    def __init__(self, pieces: EventPieces, send_seconds: float = SEND_SECONDS) -> None:
        self._pieces = pieces
        self._send_seconds = send_seconds
        self.background = None
        self.status_code = 200
        self.init_headers({"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            ended = await asyncio.gather(writing, leaving, return_exceptions=True)
        if isinstance(ended[0], Exception) and not isinstance(ended[0], TimeoutError):
            raise ended[0]

    async def _write(self, send: Send) -> None:
        async for piece in self._pieces:
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            async with asyncio.timeout(self._send_seconds):
                await send(message)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _special(kind: str, position: int, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\nid: {position}\ndata: {json.dumps(data)}\n\n".encode()
