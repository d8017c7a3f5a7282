"""The first of several addresses that takes a connection, with few sockets at a time.

An address that swallows what is sent to it keeps its socket for as long as the request waits, and a name may have any
number of them. So a request has one socket, further ones as far as its tenant may have them (``claims``), and then
each further address takes the place of the one that has been tried for longest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import httpcore

from steps.http.slots import Share

STAGGER_SECONDS: Final = 0.25
"""How long one address has a head start on the next (RFC 8305): a dead IPv6 route must not cost the whole time."""

MOST_ADDRESSES: Final = 16
"""Of a name that one request tries."""

MOST_AT_ONCE: Final = 4

Dial = Callable[[str], Awaitable[httpcore.AsyncNetworkStream]]


async def first_made(texts: Sequence[str], dial: Dial, further: Share) -> httpcore.AsyncNetworkStream:
    """The first connection that is made, each address begun a little after the one before it or when that failed.

    ``further``: where places for sockets beside the first are taken from. Raises the one error, or a group of them.
    """
    attempts = _Attempts(dial, further)
    waiting = list(texts[:MOST_ADDRESSES])
    try:
        while waiting or attempts.running:
            if waiting:
                await attempts.begin(waiting.pop(0))
            if (made := await attempts.wait(STAGGER_SECONDS if waiting else None)) is not None:
                return made
    finally:
        await attempts.end()
    if len(attempts.failures) == 1:
        raise attempts.failures[0]
    # Not as the cause of another error: httpcore takes causes off what it passes on.
    raise BaseExceptionGroup("no address could be reached", attempts.failures)


class _Attempts:
    """Those of one request."""

    def __init__(self, dial: Dial, further: Share) -> None:
        self._dial = dial
        self._further = further
        self._places = 0
        self.running: list[asyncio.Future[Any]] = []
        """The oldest first."""
        self.failures: list[BaseException] = []

    async def begin(self, text: str) -> None:
        if self.running:
            if len(self.running) < MOST_AT_ONCE and self._further.try_take():
                self._places += 1
            else:
                self.failures.append(TimeoutError("gave way to the next address"))
                await _give_up([self.running.pop(0)])
        self.running.append(asyncio.ensure_future(self._dial(text)))

    async def wait(self, seconds: float | None) -> httpcore.AsyncNetworkStream | None:
        """The first connection that was made within that time."""
        done, _ = await asyncio.wait(self.running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self.running = [task for task in self.running if task not in done]
        made = [task.result() for task in done if task.exception() is None]
        self.failures += [error for task in done if (error := task.exception()) is not None]
        for extra in made[1:]:
            await extra.aclose()
        self._give_back(max(0, len(self.running) - 1))
        return made[0] if made else None

    async def end(self) -> None:
        left, self.running = self.running, []
        try:
            await _give_up(left)
        finally:
            self._give_back(0)

    def _give_back(self, needed: int) -> None:
        while self._places > needed:
            self._places -= 1
            self._further.give_back()


async def _give_up(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, httpcore.AsyncNetworkStream):
            await ended.aclose()
