"""How many requests of one actor are under way at once: no one holds all threads of the console, whatever it asks for.

Requests share a pool of threads. Who has its share of it under way waits here, in a line of its own and without a
thread, so that others find one. A stream that stays open holds none, and gives its turn back when it begins.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from orchestrator.console.problems import Refusal

AT_ONCE: Final = 12
"""Of the 40 threads there are; a browser asks for six things at once."""

MOST_WAITING: Final = 500


@dataclass(slots=True)
class _Line:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class ActorTurn:
    """One request's; ``end`` may be called twice."""

    def __init__(self, turns: ActorTurns, name: str) -> None:
        self._turns: ActorTurns | None = turns
        self._name = name

    def end(self) -> None:
        """Whoever waits for it is next."""
        if self._turns is not None:
            self._turns.give_back(self._name)
            self._turns = None


class ActorTurns:
    """Of one process and one event loop."""

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._lines: dict[str, _Line] = {}

    async def take(self, name: str) -> ActorTurn:
        """The actor's next turn. Raises ``Refusal`` (429) when too many wait for theirs."""
        line = self._lines.setdefault(name, _Line())
        if line.under_way < self._at_once:
            line.under_way += 1
            return ActorTurn(self, name)
        if len(line.waiting) >= self._most_waiting:
            message = f"{self._at_once} requests of {name} are under way, and {self._most_waiting} wait; try again"
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
        return ActorTurn(self, name)

    def give_back(self, name: str) -> None:
        """Called by its turn, once."""
        line = self._lines[name]
        while line.waiting:
            if not (handed := line.waiting.popleft()).done():
                handed.set_result(None)
                return
        line.under_way -= 1
        if not line.under_way:
            del self._lines[name]
