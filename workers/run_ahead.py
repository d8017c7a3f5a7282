"""How far a worker goes on after the stage of its message, without another message.

What follows a stage begins in the ledger in the same write that records it (``advance.lua``): the task's next stage or,
at the task's end, the plan's next task. So a message costs once a delivery, not once a stage. Between two stages the
worker looks up: when its time is over, when it is to stop, when its turn is in other hands, it leaves what follows to
messages, so that others have their turn too and a stop takes no longer than a stage. A further task it takes only
within its share: the time divided by the messages that wait, of whatever plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from orchestrator.domain.lanes import lane_name
from orchestrator.ledger.records import Onward


@dataclass(frozen=True, slots=True)
class RunAhead:
    """``seconds``: how long one delivery goes on to a further stage; ``lanes``: which it serves, see ``Onward``."""

    seconds: float
    lanes: str = ""
    clock: Callable[[], float] = field(default=time.monotonic)

    def from_now(self, delivery: str) -> Stride:
        """Of a delivery that begins now."""
        return Stride(Onward(delivery, self.lanes), self.clock(), self.seconds, self.clock)


@dataclass(frozen=True, slots=True)
class Stride:
    """Of one delivery."""

    onward: Onward
    began_at: float
    seconds: float
    clock: Callable[[], float]

    def goes_on(self) -> Onward | None:
        """Who goes on with what follows; None when it is left to messages."""
        spent = (self.clock() - self.began_at) / self.seconds
        return replace(self.onward, spent=max(spent, 0.0)) if spent < 1 else None


def lanes_text(queues: set[str] | frozenset[str], lanes: int) -> str:
    """As ``Onward.lanes``: these queues of so many lanes."""
    served = [lane for lane in range(lanes) if lane_name(lane) in queues]
    return "" if len(served) == lanes else f"{lanes}:{''.join(f'{lane},' for lane in served)}"
