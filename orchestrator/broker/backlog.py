"""Tells a message that still waits in its lane from one that is gone, so that no copy is put behind it.

The ledger cannot know: a queued lease runs out alike for a message that was lost and for one that nobody has taken yet.
The broker can be asked, without looking into a single message, since a lane is first in, first out:

* Whoever publishes to a lane counts it (``lane_keys.py``, or ``workers/amqp_transport.py``); the lane's length says how
  many of those still wait. What was pushed less what waits has left the lane, and it was the oldest.
* Each look keeps the time and the count. Once as many have left as were pushed at an earlier look, whatever was
  published before that look has left the lane. An empty lane, or a count that fell back (somebody emptied the broker),
  says the same of everything so far.

Mistakes are to the safe side: a message taken for waiting is looked at again when the lane has moved past it, which a
copy, put behind everything that waits, could not have been taken before either. A message taken for gone that is not
(put back out of its order, or pushed long after its lease began) has one copy, not more: that copy's own time counts
from then on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.lanes import lane_of

LOOKS: Final = 100
"""Looks kept a lane that does not drain; fewer only make the answer coarser."""


@dataclass(frozen=True, slots=True)
class LaneDepth:
    """``pushed``: messages ever published to the lane, as counted; ``waiting``: how many are in it."""

    pushed: int
    waiting: int


class Backlog:
    """What one coordinator has seen of the lanes; ``read`` asks the broker for all of them, in order."""

    def __init__(self, read: Callable[[], Sequence[LaneDepth]]) -> None:
        self._read = read
        self._lanes: list[_Lane] = []

    def look(self, now_ms: int) -> None:
        """Asks the broker; ``now_ms`` is the ledger's time, before or at the call. Raises what ``read`` raises."""
        depths = self._read()
        if len(depths) != len(self._lanes):
            self._lanes = [_Lane() for _ in depths]
        for lane, depth in zip(self._lanes, depths, strict=True):
            lane.seen(now_ms, depth)

    def may_hold(self, tenant_id: str, since_ms: int) -> bool:
        """Whether a message for the tenant that was published at that ledger time may still wait in its lane."""
        return since_ms >= self._lanes[lane_of(tenant_id, len(self._lanes))].drained_ms


@dataclass(slots=True)
class _Lane:
    drained_ms: int = 0
    """Whatever was published before this time is no longer in the lane."""
    looks: deque[tuple[int, int]] = field(default_factory=deque)
    """Time and count of each look that the lane has not drained past."""
    last: tuple[int, int] = (0, 0)

    def seen(self, now_ms: int, depth: LaneDepth) -> None:
        if depth.pushed < self.last[1]:
            # Emptied: what was there at the last look is not there any more.
            self.drained_ms = self.last[0]
            self.looks.clear()
        self.last = (now_ms, depth.pushed)
        if depth.waiting == 0:
            self.drained_ms = now_ms
            self.looks.clear()
            return
        if self.looks and self.looks[-1][1] == depth.pushed:
            # Nothing came since, so the later time says more.
            self.looks.pop()
        self.looks.append((now_ms, depth.pushed))
        while self.looks and self.looks[0][1] <= depth.pushed - depth.waiting:
            self.drained_ms = self.looks.popleft()[0]
        if len(self.looks) > LOOKS:
            del self.looks[-2]
