"""A world that is served, as far as anybody can see: its coordinator and worker give signs of life and do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.presence import Presence
from tests.support.ledger_world import LedgerWorld


@contextmanager
def served(world: LedgerWorld) -> Iterator[LedgerWorld]:
    """Inside."""
    both = [Presence(world.ledger, "coordinator"), Presence(world.ledger, "worker", tuple(lane_names(4)), slots=16)]
    for one in both:
        one.start()
    try:
        yield world
    finally:
        for one in both:
            one.stop()
