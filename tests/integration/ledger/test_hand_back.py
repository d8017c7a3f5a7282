"""A turn that a worker cannot run is given back; what is not its to give is left alone."""

from __future__ import annotations

from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import Early
from tests.support.coordinating import Coordinating
from tests.support.ledger_world import LedgerWorld


def test_a_poll_that_is_not_due_is_not_due_earlier(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    assert world.begin(task) is Begun.BEGUN
    world.poll(task, 60)
    due = int(world.task(task)["dueAt"])
    ended, known, turn = world.ledger.hand_back(world.turn(task), "w:1/d", "step", "drain", had_begun=False)
    assert (ended, turn) == (Ended.AGAIN, 2)
    assert isinstance(known, Early)
    assert known.due_ms == due == int(world.task(task)["dueAt"])


def test_who_lost_its_tenant_gives_nothing_back(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    (task,) = world.started("p", ["a"])
    world.client.delete(world.keys.of("tenant", "a"))
    before = world.task(task)
    assert world.ledger.hand_back(world.turn(task), "w:1/d", "step", "drain", had_begun=False)[0] is Ended.STALE
    assert world.task(task) == before
    coordinating.reconcile()
    assert world.holder("a") == task
