"""How many requests are under way at once, and that no batch takes them all.

A batch of a thousand requests to instances that hang would hold every slot for its whole timeout, and the next for
another, while others' single requests wait behind it. So a batch may hold only a multiple of what it leaves free: the
more batches there are, the smaller their shares, and a newcomer finds a slot.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Self

_OF_WHAT_IS_FREE: Final = 3
"""One batch alone gets three quarters of all slots, each of eight an eighth of nearly all."""


class Slots:
    """Those of one event loop."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: dict[Share, deque[asyncio.Future[None]]] = {}
        """In the order of their turns."""

    def share(self) -> Share:
        """Of one batch, or of one tenant."""
        return Share(self)

    async def take(self, share: Share) -> None:
        """Returns when the share holds one slot more."""
        line = self._waiting.setdefault(share, deque())
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(share)
            raise

    def try_take(self, share: Share) -> bool:
        """Whether the share holds one slot more: only if it may have one at once."""
        may = not self._waiting and share.held < _OF_WHAT_IS_FREE * self._free
        share.held += may
        self._free -= may
        return may

    def give_back(self, share: Share) -> None:
        """One of the share's slots is free again."""
        share.held -= 1
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        """Gives out what may be given, to one share after the other."""
        passed = 0
        while self._free and self._waiting and passed < len(self._waiting):
            share = next(iter(self._waiting))
            line = self._waiting.pop(share)
            while line and line[0].done():
                line.popleft()
            if not line:
                continue
            if share.held < _OF_WHAT_IS_FREE * self._free:
                line.popleft().set_result(None)
                share.held += 1
                self._free -= 1
                passed = 0
            else:
                passed += 1
            # Behind the others.
            self._waiting[share] = line


class Share:
    """What one holds; entered once for each slot, or taken and given back."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.held = 0

    async def take(self) -> None:
        """Returns when it holds one slot more."""
        await self._slots.take(self)

    def try_take(self) -> bool:
        """Whether it holds one slot more, at once."""
        return self._slots.try_take(self)

    def give_back(self) -> None:
        """One slot is free again."""
        self._slots.give_back(self)

    async def __aenter__(self) -> Self:
        await self.take()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.give_back()
