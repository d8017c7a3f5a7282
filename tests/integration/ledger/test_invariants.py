"""The checker itself: each kind of damage to a ledger is named."""

from __future__ import annotations

import pytest
import redis

from orchestrator.settings.model import Settings
from tests.support.invariants import faults_of
from tests.support.ledger_world import LedgerWorld

DAMAGE = {
    "I1: p.1 is RUNNING, but tenant b is held by": ("HDEL", "tenant:b", "holder"),
    "I2: slots:p holds 2 of 1": ("HSET", "plan:p", "max", "1"),
    "I3: queue:p has p.3 as rollback": ("ZADD", "queue:p", "XX", "1", "p.3"),
    "I9: p.3 waits in no queue and no line": ("ZREM", "queue:p", "p.3"),
    "I9: p.1 is RUNNING with leases []": ("ZREM", "leases-queued", "p.1"),
    "I10: slots:p holds": ("SREM", "slots:p", "p.1"),
    "I10: p.0 is COMPLETED and has a checkpoint": ("SET", "checkpoint:p.0", "{}"),
    "I10: p.0 is COMPLETED and holds tenant a": ("HSET", "tenant:a", "holder", "p.0"),
    "deadlines: p.0 is no task that runs": ("ZADD", "deadlines", "1", "p.0"),
    "plan:p n:FAILED is 4": ("HSET", "plan:p", "n:FAILED", "4"),
    "plan:p n:rollbackRequested is 1": ("HSET", "plan:p", "n:rollbackRequested", "1"),
    "I7: plan p: status": ("HSET", "plan:p", "pauseRequested", "1"),
    "I7: task p.1": ("HSET", "task:p.1", "cancelRequested", "1"),
    "active: p is RUNNING": ("SREM", "active", "p"),
}


@pytest.fixture
def running(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """p.0 has completed, p.1 and p.2 hold the two slots, p.3 waits."""
    world = LedgerWorld(redis_client, settings)
    world.started("p", ["a", "b", "c", "d"], max_concurrency=2)
    world.finish("p.0")
    world.serve("p")
    return world


@pytest.mark.parametrize("fault", DAMAGE)
def test_damage_is_named(running: LedgerWorld, fault: str) -> None:
    assert list(faults_of(running.reader)) == []
    verb, kind, *arguments = DAMAGE[fault]
    running.client.execute_command(verb, running.keys.root + kind, *arguments)  # type: ignore[no-untyped-call]
    assert any(line.startswith(fault) for line in faults_of(running.reader)), list(faults_of(running.reader))


def test_a_gap_in_the_log_is_named(running: LedgerWorld) -> None:
    for key in (running.keys.of("feed"), running.keys.of("log", "p")):
        running.client.xdel(key, "3-0")
    assert any(line.startswith("I6: event 4") for line in faults_of(running.reader))
