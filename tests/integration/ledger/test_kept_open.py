"""A plan that its last wave keeps open, by a soak or a gate that is to come, whatever becomes of it."""

from __future__ import annotations

import pytest

from orchestrator.fleet.rules import FleetRules, Wave
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair


@pytest.mark.parametrize("first", ["", "pause"])
@pytest.mark.parametrize("waits", [{"gate": "manual"}, {"soak_seconds": 600.0}], ids=["gate", "soak"])
def test_a_plan_that_only_waits_for_its_last_wave_is_cancelled_in_the_call(
    world: LedgerWorld, first: str, waits: dict[str, object]
) -> None:
    pair = Pair(world)
    waves = (Wave("all", 2, **waits),)  # type: ignore[arg-type]
    pair.submit("p", ["a", "b"], rules=FleetRules(2, None, "pause", waves), wave_of=[0, 0])
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.finish(task_id)
    # It is right as it is: nothing is repaired, however often the reconciler looks.
    assert [world.ledger.call("reconcile", "p", 0, 100)[2] for _ in range(2)] == [[], []]
    if first:
        pair.ask(first, "p")
    reply = pair.ask("cancel", "p")
    assert (reply.status, world.status("p")) == ("CANCELLED", "CANCELLED")
    assert world.kinds()[-2:] == ["OperationRequested", "PlanCancelled"]
    world.check()
    pair.serve("p")


@pytest.mark.parametrize("asked", ["pause", "cancel"])
def test_a_plan_that_was_given_up_before_it_had_started_goes_through_its_waves_all_the_same(
    world: LedgerWorld, asked: str
) -> None:
    pair = Pair(world)
    waves = (Wave("canary", 1, gate="manual", soak_seconds=0.001), Wave("rest", 2, gate="manual"))
    pair.submit("p", ["a", "b", "c"], rules=FleetRules(3, None, "pause", waves), wave_of=[0, 1, 1])
    pair.ask(asked, "p")
    if asked == "pause":
        # No coordinator has looked at it either.
        pair.ask("cancel", "p")
    pair.serve("p")
    assert world.status("p") == "CANCELLED"
    for task_id in ("p.0", "p.1", "p.2"):
        pair.ask("retry", task_id, from_scratch=True)
    pair.serve("p")
    pair.finish("p.0")
    pair.look("p", frozenset())
    pair.serve("p")
    assert [world.status(task_id) for task_id in ("p.0", "p.1")] == ["COMPLETED", "PENDING"]
    pair.answer_gate("p", approves=True)
    pair.serve("p")
    for task_id in ("p.1", "p.2"):
        pair.finish(task_id)
    assert world.status("p") == "RUNNING"
    pair.answer_gate("p", approves=True)
    assert world.status("p") == "COMPLETED"
    assert "startedAt" in world.reader.plan_record("p")
