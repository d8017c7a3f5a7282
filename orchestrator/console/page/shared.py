"""What all viewers of one thing in this process share: one look at the ledger for all, however many they are.

A look is taken while somebody watches, four times a second while something happens and once a second while nothing
does. Each raises the ``version`` when something has changed; a viewer says which version it has, and gets what is
newer. Nothing runs for what nobody watches.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final, Generic, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool

from orchestrator.console.access.stream_threads import run_for_streams
from orchestrator.domain.errors import ChangeoverError
from orchestrator.secrets.masking import known_now

BUSY_SECONDS: Final = 0.25
IDLE_SECONDS: Final = 1.0
FRESH_SECONDS: Final = 0.5
"""A look that is not older serves a new page."""
KEPT_SECONDS: Final = 60.0
"""So long it is kept after its last viewer has left."""
MOST_KEPT: Final = 64
"""Things that nobody watches are dropped, the oldest first, when there are more."""

_log = structlog.get_logger(__name__)


class Watched(ABC):
    """One thing that is watched. ``name`` tells its versions from those of another process, or of an earlier one."""

    def __init__(self) -> None:
        self.name = token_hex(4)
        self.version = 1
        self.error: ChangeoverError | None = None
        """Why the last look failed; None when it did not."""
        self._viewers = 0
        self._looked_at = 0.0
        self._knew = known_now()
        self._left_at = time.monotonic()
        self._lock = asyncio.Lock()
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    def look(self) -> bool:
        """Looks, in a thread of its own; True when something is new."""

    @property
    def is_left(self) -> bool:
        """Nobody has watched it for a while."""
        return not self._viewers and time.monotonic() - self._left_at > KEPT_SECONDS

    @property
    def left_at(self) -> float:
        """When its last viewer left; later than any other while one is there."""
        return float("inf") if self._viewers else self._left_at

    def seen(self, token: str) -> int:
        """The version that a viewer has, by the token that it was given; 0 when it is none of this thing's."""
        name, _, number = token.partition("-")
        known = int(number) if name == self.name and number.isascii() and number.isdecimal() and len(number) < 10 else 0
        return known if known <= self.version else 0

    @property
    def token(self) -> str:
        """Names the version."""
        return f"{self.name}-{self.version}"

    async def refresh(self) -> None:
        """A look, unless the last one is fresh. Raises what it raises."""
        async with self._lock:
            if time.monotonic() - self._looked_at > FRESH_SECONDS:
                await self._look(run_in_threadpool)
        if self.error is not None:
            raise self.error

    async def news(self, seen: int, patience_seconds: float) -> AsyncIterator[int]:
        """The version each time there is a newer one than was given last, beginning after ``seen``; 0 each time there
        was none for so long, and -1 when the last look failed. Whoever iterates is a viewer."""
        self._viewers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking())
        try:
            failed = False
            while True:
                if self.version > seen:
                    seen, failed = self.version, False
                    yield seen
                elif self.error is not None and not failed:
                    failed = True
                    yield -1
                elif not await self._wait(patience_seconds):
                    yield 0
        finally:
            self._viewers -= 1
            self._left_at = time.monotonic()

    async def _wait(self, seconds: float) -> bool:
        async with self._news:
            try:
                # Not `wait_for`: that of Python 3.11 loses a cancellation that comes with the news.
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return False
        return True

    async def _keep_looking(self) -> None:
        pause = BUSY_SECONDS
        while self._viewers:
            async with self._lock:
                is_new = await self._look(run_for_streams)
            pause = BUSY_SECONDS if is_new else min(pause * 1.5, IDLE_SECONDS)
            if is_new or self.error is not None:
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(pause)

    async def _look(self, run: Callable[[Callable[[], bool]], Awaitable[bool]]) -> bool:
        had_failed = self.error is not None
        try:
            known = known_now()
            is_new = await run(self.look) or had_failed or known is not self._knew
            self._knew = known
            self.error = None
        except ChangeoverError as error:
            self.error, is_new = error, False
        self._looked_at = time.monotonic()
        self.version += is_new
        return is_new


T = TypeVar("T", bound=Watched)


@dataclass(slots=True)
class _Making:
    """One that is being made, and how many wait for it: with the last of them it goes, made or not."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    callers: int = 0


class Shelf(Generic[T]):
    """Things of one kind that are watched, or were of late, by what names them."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, T] = {}
        self._making: dict[Hashable, _Making] = {}

    async def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The one of this name, made in a thread when there is none; looked at just now. Raises what the look does."""
        self._clear()
        making = self._making.setdefault(key, _Making())
        making.callers += 1
        try:
            async with making.lock:
                found = self._kept.get(key)
                if found is None:
                    found = self._kept[key] = await run_in_threadpool(make)
        finally:
            making.callers -= 1
            if not making.callers:
                del self._making[key]
        try:
            await found.refresh()
        except ChangeoverError:
            self._kept.pop(key, None)
            raise
        return found

    def _clear(self) -> None:
        for key in [key for key, one in self._kept.items() if one.is_left]:
            del self._kept[key]
        unwatched = sorted((one.left_at, key) for key, one in self._kept.items() if one.left_at != float("inf"))
        for _, key in unwatched[: max(0, len(self._kept) - MOST_KEPT)]:
            del self._kept[key]
