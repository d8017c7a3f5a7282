"""Streams that stay open: each ends when its token or session does, and all when the console stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread

from orchestrator.console.connections import most_connections
from orchestrator.console.problems import Refusal
from orchestrator.ledger.credentials import Credential

ASKED_EVERY_SECONDS: Final = 1.0
PART_OF_ONE: Final = 8
"""Of the connections there may be, an actor has one in so many for streams."""
_log = structlog.get_logger(__name__)


class OpenStream:
    """One; ``ended`` is set when it has to end."""

    def __init__(self, credential: Credential | None, name: str) -> None:
        """``name``: the actor's."""
        self.credential = credential
        self.name = name
        self.ended = asyncio.Event()


class OpenStreams:
    """Those of one console, on one event loop. Each credential is asked for once a round, whoever reads with it."""

    def __init__(self, still_holds: Callable[[Credential], bool]) -> None:
        self._still_holds = still_holds
        self._open: set[OpenStream] = set()
        self._watch: asyncio.Task[None] | None = None
        self._stopped = False
        self._one_at_a_time = CapacityLimiter(1)

    def add(self, stream: OpenStream) -> None:
        """From now on it is looked after. Raises ``Refusal`` (429) when its actor has too many."""
        most = max(1, most_connections() // PART_OF_ONE)
        if sum(one.name == stream.name for one in self._open) >= most:
            message = f"{stream.name} has {most} streams open; close some"
            raise Refusal(429, "too_many_requests", "Too many streams at once", message, {"Retry-After": "5"})
        self._open.add(stream)
        if self._stopped:
            stream.ended.set()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.get_running_loop().create_task(self._look())

    def remove(self, stream: OpenStream) -> None:
        """It has ended."""
        self._open.discard(stream)

    def end_all(self) -> None:
        """The console stops; those that come now end at once."""
        self._stopped = True
        for stream in self._open:
            stream.ended.set()

    async def _look(self) -> None:
        while self._open:
            await asyncio.sleep(ASKED_EVERY_SECONDS)
            by_credential: dict[Credential, list[OpenStream]] = {}
            for stream in self._open:
                if stream.credential is not None:
                    by_credential.setdefault(stream.credential, []).append(stream)
            for credential, streams in by_credential.items():
                # Waited for also when the console stops: the connection that it asks by is closed only then.
                if not await to_thread.run_sync(self._holds, credential, limiter=self._one_at_a_time):
                    for stream in streams:
                        stream.ended.set()

    def _holds(self, credential: Credential) -> bool:
        try:
            return self._still_holds(credential)
        except Exception as error:  # noqa: BLE001 - Redis is away: whoever reads is told so by the stream itself
            _log.warning(f"not known whether {credential!r} still holds: {error}", action="token-not-asked")
            return True
