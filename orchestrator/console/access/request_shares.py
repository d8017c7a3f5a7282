"""How many requests of one actor are under way at once: no one holds all threads of the console, whatever it asks for.

Requests share a pool of threads. Every actor has one share of its own there, which no other can take; what an actor
wants beyond that comes out of a part that all share, and no more of it than ``AT_ONCE``. Who has to wait does so in a
line of its own and without a thread, and the lines are served in turn. A stream that stays open holds none, and gives
its share back when it begins; what is public (health, the form to sign in, the page's files) takes none.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from orchestrator.console.problems import Refusal

AT_ONCE: Final = 12
"""Shares of one actor; a browser asks for six things at once."""

SHARED: Final = 32
"""Shares beyond the first of each actor, of all together."""

MOST_ACTORS: Final = 128
"""Who have requests under way or waiting at the same moment."""

FOR_THE_PUBLIC: Final = 8
THREADS: Final = SHARED + MOST_ACTORS + FOR_THE_PUBLIC
"""What the pool has to have, so that whoever has a share finds a thread; those that are not needed are not made."""

MOST_WAITING: Final = 500


@dataclass(slots=True)
class _Line:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class RequestShare:
    """One request's; ``end`` may be called twice."""

    def __init__(self, shares: RequestShares, name: str) -> None:
        self._shares: RequestShares | None = shares
        self._name = name

    def end(self) -> None:
        """Whoever waits for it is next."""
        if self._shares is not None:
            self._shares.give_back(self._name)
            self._shares = None


class RequestShares:
    """Of one process and one event loop."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        most_waiting: int = MOST_WAITING,
        shared: int = SHARED,
        most_actors: int = MOST_ACTORS,
    ) -> None:
        self._at_once, self._most_waiting = at_once, most_waiting
        self._shared, self._most_actors = shared, most_actors
        self._lines: OrderedDict[str, _Line] = OrderedDict()

    async def take(self, name: str) -> RequestShare:
        """The actor's next share. Raises ``Refusal``: 429 when too many wait for theirs, 503 when there are too many
        actors."""
        line = self._line(name)
        if not line.waiting and self._may_begin(line):
            self._begin(line)
            return RequestShare(self, name)
        if len(line.waiting) >= self._most_waiting:
            message = f"{line.under_way} requests of {name} are under way, and {self._most_waiting} wait; try again"
            raise Refusal(429, "too_many_requests", "Too many requests at once", message, {"Retry-After": "2"})
        handed = asyncio.get_running_loop().create_future()
        line.waiting.append(handed)
        try:
            await handed
        except asyncio.CancelledError:
            # Handed over at the very moment that it left.
            if handed.done() and not handed.cancelled():
                self.give_back(name)
            raise
        return RequestShare(self, name)

    def give_back(self, name: str) -> None:
        """Called by its share, once."""
        line = self._lines[name]
        line.under_way -= 1
        self._shared += line.under_way > 0
        self._hand_on()
        if not line.under_way and not line.waiting:
            del self._lines[name]

    def _line(self, name: str) -> _Line:
        if name not in self._lines:
            if len(self._lines) >= self._most_actors:
                message = f"requests of {len(self._lines)} actors are under way; try again"
                raise Refusal(503, "busy", "Too many requests at once", message, {"Retry-After": "2"})
            self._lines[name] = _Line()
        return self._lines[name]

    def _may_begin(self, line: _Line) -> bool:
        return not line.under_way or (line.under_way < self._at_once and self._shared > 0)

    def _begin(self, line: _Line) -> None:
        self._shared -= line.under_way > 0
        line.under_way += 1

    def _hand_on(self) -> None:
        """To whoever may begin; who got something is the last to get more."""
        for name in list(self._lines):
            line = self._lines[name]
            while line.waiting and self._may_begin(line):
                if not (handed := line.waiting.popleft()).done():
                    self._begin(line)
                    handed.set_result(None)
                    self._lines.move_to_end(name)
                    break
