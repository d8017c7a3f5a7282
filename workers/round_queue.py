"""The turns of rounds that wait for a thread: a line a plan, served in turn.

One plan has at most half of the threads: instances of one that answer only after their timeout hold up their own plan.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.records import Turn


@dataclass(frozen=True, slots=True)
class Polled:
    """A turn of a round, and the queue that its message came from."""

    turn: Turn
    queue: str

    @property
    def plan_id(self) -> str:
        """Of whose task it is."""
        return plan_of(self.turn.task_id)


class RoundQueue:
    """Belongs to whoever holds its owner's lock."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._of_plan = max(threads // 2, 1)
        self._lines: dict[str, deque[Polled]] = {}
        self._known: set[Turn] = set()
        self._busy: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Polled]:
        for line in self._lines.values():
            yield from line

    @property
    def busy(self) -> int:
        """Turns taken and not yet done."""
        return self._busy.total()

    def put(self, polls: Iterable[Polled]) -> list[Polled]:
        """Each joins its plan's line; those that are there already are copies, and handed back."""
        copies: list[Polled] = []
        for polled in polls:
            if polled.turn in self._known:
                copies.append(polled)
                continue
            self._known.add(polled.turn)
            self._lines.setdefault(polled.plan_id, deque()).append(polled)
        return copies

    def may_take(self) -> bool:
        """Whether somebody waits who may have a thread."""
        return self.busy < self._threads and any(self._busy[plan_id] < self._of_plan for plan_id in self._lines)

    def take(self, most: int) -> list[Polled]:
        """At most so many that have a thread from now on, until ``done``."""
        taken: list[Polled] = []
        while len(taken) < most and self.may_take():
            plan_id = next(plan_id for plan_id in self._lines if self._busy[plan_id] < self._of_plan)
            line = self._lines.pop(plan_id)
            taken.append(line.popleft())
            self._known.discard(taken[-1].turn)
            self._busy[plan_id] += 1
            if line:
                # To the end: the other plans come first.
                self._lines[plan_id] = line
        return taken

    def done(self, plan_id: str) -> None:
        """One of the plan's has given its thread back."""
        self._busy[plan_id] -= 1
        if self._busy[plan_id] <= 0:
            del self._busy[plan_id]

    def clear(self) -> list[Polled]:
        """Takes out all that wait."""
        left = list(self)
        self._lines.clear()
        self._known.clear()
        return left
