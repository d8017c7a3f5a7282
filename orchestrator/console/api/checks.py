"""Checks of plans: work for a processor, in seconds; so on threads of their own, and no more of them than it can do.
Large plans can take minutes, so small ones have threads that no large one takes.

Of one actor one is made at a time, so that whoever sends many waits for itself alone; what waits is bounded, for each
and for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from orchestrator.console.problems import Refusal

AT_ONCE: Final = 2
"""More would only take memory."""

SMALL: Final = 1024 * 1024
"""Bytes: such a plan is checked in seconds, whatever is in it."""

MOST_OF_ONE: Final = 8
MOST: Final = 32
"""Under way and waiting; each holds its plan, of which there may be much."""

T = TypeVar("T")


@dataclass(slots=True)
class _Own:
    asked: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Checks:
    """Of one process and one event loop."""

    def __init__(self, at_once: int = AT_ONCE, most_of_one: int = MOST_OF_ONE, most: int = MOST) -> None:
        self._most_of_one, self._most = most_of_one, most
        self._threads = {
            True: ThreadPoolExecutor(at_once, "checks"),
            False: ThreadPoolExecutor(at_once, "large-checks"),
        }
        self._own: dict[str, _Own] = {}
        self._asked = 0

    async def run(self, name: str, work: Callable[[], T], size: int = 0) -> T:
        """What ``work`` answers, in the name of an actor; ``size`` of the plan in bytes. Raises what it raises, and
        ``Refusal`` where too many wait: 429 when they are the actor's own, else 503."""
        async with self._place(name) as own, own.lock:
            return await asyncio.get_running_loop().run_in_executor(self._threads[size <= SMALL], work)

    def close(self) -> None:
        """Waits for what is under way, which still reads and writes; what has not begun is not. May be called twice."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        for threads in self._threads.values():
            threads.shutdown()

    @asynccontextmanager
    async def _place(self, name: str) -> AsyncIterator[_Own]:
        own = self._own.get(name) or _Own()
        if own.asked >= self._most_of_one:
            message = f"{own.asked} plans of {name} are being checked or wait for it; try again when one is done"
            raise Refusal(429, "too_many_requests", "Too many checks at once", message, {"Retry-After": "5"})
        if self._asked >= self._most:
            message = f"{self._asked} plans are being checked or wait for it; try again"
            raise Refusal(503, "busy", "Too many checks at once", message, {"Retry-After": "5"})
        self._own[name] = own
        own.asked += 1
        self._asked += 1
        try:
            yield own
        finally:
            own.asked -= 1
            self._asked -= 1
            if not own.asked:
                del self._own[name]
