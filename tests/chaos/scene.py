"""What faults act on: servers, the network before them, clocks, processes, and the one source of chance."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestrator.ledger.presence import GONE_SECONDS, processes
from tests.chaos.crew import Crew
from tests.chaos.proxy import TcpProxy
from tests.support.clock_shim import SteppedClock
from tests.support.fault_world import FaultWorld


@dataclass
class Scene:
    """``redis_clock`` is that of the ledger's server; None where clocks are left alone."""

    world: FaultWorld
    crew: Crew
    ledger_proxy: TcpProxy
    broker_proxy: TcpProxy
    chance: random.Random
    stages: Sequence[dict[str, Any]]
    redis_clock: SteppedClock | None = None
    worker_clocks: tuple[SteppedClock, ...] = ()
    damaged: set[str] = field(default_factory=set)
    """Plans that a fault has damaged: of these nothing is asked, but that they hold up nobody else."""
    garbage: list[str] = field(default_factory=list)
    """Entries in the inbox that are no wakes; they must be gone at the end."""

    def is_tidy(self) -> bool:
        """Whether coordinators have cleared away what is no wake, and the entries of those long dead."""
        inbox = self.world.keys.of("inbox")
        if any(one.age_seconds > GONE_SECONDS for one in processes(self.world.redis, self.world.keys)):
            return False
        return not any(self.world.redis.xrange(inbox, entry, entry) for entry in self.garbage)

    def pause(self, low_seconds: float, high_seconds: float) -> None:
        """For a drawn while nothing is done; the duration is part of a fault."""
        threading.Event().wait(self.chance.uniform(low_seconds, high_seconds))


class Fault(Protocol):
    """Breaks something; what must be mended by hand it mends before it is over."""

    def __call__(self, scene: Scene) -> None: ...
