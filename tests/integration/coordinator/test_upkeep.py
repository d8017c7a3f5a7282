"""Repairs and freezes go on whatever a checkpoint store does."""

from __future__ import annotations

import threading

import redis

from checkpoint import Kept, MemoryCheckpointStore
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.coordinator.upkeep import Upkeep
from orchestrator.ledger.freezes import Freezes
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.waiting import wait_until


class Stuck(MemoryCheckpointStore):
    """Real; a clean-up's look gets no answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = threading.Event()
        self.let_go = threading.Event()

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        self.is_asked.set()
        assert self.let_go.wait(60)
        return super().kept(after, limit)


def test_a_store_that_hangs_holds_up_no_repair(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings)
    world.started("p", ["a"])
    store = Stuck()
    upkeep = Upkeep(
        Reconciler(world.ledger, world.reader.plan_ids),
        FreezeKeeper(Freezes(world.ledger)),
        CheckpointCleaner(ContainedStore(store, "memory"), world.reader, 60),
        0.001,
    )
    upkeep.start()
    try:
        assert store.is_asked.wait(20)
        slots = world.keys.of("slots", "p")
        redis_client.delete(slots)
        wait_until(lambda: redis_client.smembers(slots) == {"p.0"}, 20)
    finally:
        store.let_go.set()
        upkeep.stop()
