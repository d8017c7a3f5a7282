"""Who answers a gate, or lets a plan's tasks go on, asks for all that it writes to before its first write (I6)."""

from __future__ import annotations

import pytest
import redis

from orchestrator.domain.errors import DamagedData
from orchestrator.fleet.rules import FleetRules, Wave
from tests.support.ledger_world import ME, LedgerWorld

KEYS = ("seq", "feed", "log:p", "ready", "leases-running")


@pytest.mark.parametrize("approves", [True, False])
def test_a_gate_whose_answer_cannot_be_told_is_not_answered(hurt: LedgerWorld, approves: bool) -> None:
    waves = (Wave("first", 1, gate="manual"), Wave("rest", 1))
    hurt.started("p", "ab", stages=["one"], rules=FleetRules(2, None, "pause", waves), wave_of=[0, 1])
    hurt.finish("p.0")
    for name in KEYS:
        key = hurt.keys.root + name
        kept = hurt.client.dump(key)
        hurt.client.delete(key)
        hurt.client.set(key, "garbage")
        before = hurt.dump()
        with pytest.raises((DamagedData, redis.RedisError), match="is damaged"):
            hurt.operations.answer_gate("p", "", ME, approves=approves)
        assert hurt.dump() == before, name
        hurt.client.delete(key)
        if kept:
            hurt.client.restore(key, 0, kept)
    assert hurt.operations.answer_gate("p", "", ME, approves=approves).answer == "ACCEPTED"


def paused_in_the_middle(world: LedgerWorld) -> None:
    tasks = world.started("p", [f"t{n}" for n in range(3)], max_concurrency=3, stages=["one", "two"])
    for task_id in tasks:
        world.begin(task_id)
    world.ask("pause", "p")
    for task_id in tasks:
        world.succeed(task_id)
    world.client.hset(world.keys.of("plan", "p"), mapping={"resuming": "1", "status": "RUNNING", "pauseRequested": "0"})


@pytest.mark.parametrize("field", ["planSeq", "n:PENDING"])
def test_a_resume_in_chunks_waits_for_a_damaged_record(hurt: LedgerWorld, field: str) -> None:
    paused_in_the_middle(hurt)
    hurt.client.hset(hurt.keys.of("plan", "p"), field, "x")
    before = hurt.dump()
    with pytest.raises((DamagedData, redis.RedisError), match="is damaged"):
        hurt.operations.resume_chunk("p", 5)
    assert hurt.dump() == before


def test_who_resumed_a_plan_may_be_lost(hurt: LedgerWorld) -> None:
    paused_in_the_middle(hurt)
    hurt.client.hdel(hurt.keys.of("plan", "p"), "resumedBy", "resumeReason")
    hurt.operations.resume_chunk("p", 5)
    told = [event for event in hurt.reader.events("p", 0) if event.type == "OperationRequested"][-1]
    assert (told.actor, told.reason) == ("system", "")
