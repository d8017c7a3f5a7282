"""A plan that its last wave keeps open, by a soak or a gate that is to come, whatever becomes of it."""

from __future__ import annotations

import pytest

from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from tests.support.ledger_world import STAGES, LedgerWorld
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


SOFT = Tolerance(0, strict=False)


@pytest.mark.parametrize("gone", ["accepted", "accepted with its plan", "rolled back", "accepted when all is over"])
@pytest.mark.parametrize("waits", [{"soak_seconds": 0.001}, {"gate": "manual", "soak_seconds": 0.001}])
def test_the_last_wave_soaks_and_asks_its_gate_also_when_its_breaker_had_tripped(
    world: LedgerWorld, gone: str, waits: dict[str, object]
) -> None:
    """What had tripped it does not count any more: the plan waits for its resume, and does not end unseen."""
    pair = Pair(world)
    waves = (Wave("only", 2, tolerance=SOFT, **waits),)  # type: ignore[arg-type]
    pair.submit("p", ["a", "b"], rules=FleetRules(2, None, "pause", waves), wave_of=[0, 0])
    pair.serve("p")
    while pair.model.tasks["p.1"].stage + 1 < len(STAGES):
        pair.stage("p.1")
    pair.worker("begin", "p.1")
    pair.stage("p.0")
    pair.break_stage("p.0")
    if gone == "rolled back":
        pair.ask("rollback", "p.0")
        pair.serve("p")
        pair.finish("p.0")
    elif gone != "accepted when all is over":
        pair.accept("p" if "plan" in gone else "p.0")
    pair.worker("succeed", "p.1")
    if gone == "accepted when all is over":
        assert world.status("p") == "FAILED"
        pair.accept("p.0")
        assert "PlanReopened" in world.kinds()
    else:
        assert (world.status("p"), world.kinds()[-1]) == ("PAUSED", "PlanPaused")
        # It is right as it is.
        assert world.ledger.call("reconcile", "p", 0, 100)[2] == []
        world.check()
        pair.ask("resume", "p")
    world.check()
    pair.serve("p")
    if "soak_seconds" in waits:
        pair.look("p", frozenset())
    if "gate" in waits:
        assert world.status("p") == "RUNNING"
        pair.answer_gate("p", approves=True)
    assert world.status("p") == ("ROLLED_BACK" if gone == "rolled back" else "COMPLETED")
    assert world.kinds()[-2] == "PlanWaveCompleted"


def test_a_failure_that_is_accepted_lets_its_plan_and_its_waves_go_on(world: LedgerWorld) -> None:
    pair = Pair(world)
    waves = (Wave("first", 2, tolerance=SOFT), Wave("rest", 1))
    pair.submit("p", ["a", "b", "c"], rules=FleetRules(3, None, "pause", waves), wave_of=[0, 0, 1])
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.worker("begin", task_id)
    for task_id in ("p.0", "p.1"):
        pair.worker("fail", task_id)
    # Nobody has to resume a plan that runs again by a retry; what has failed stops it all the same.
    pair.ask("cancel", "p")
    pair.serve("p")
    pair.ask("retry", "p.2", from_scratch=True)
    pair.serve("p")
    world.wakes()
    pair.accept("p.0")
    pair.accept("p.1")
    assert (world.wakes(), world.kinds()[-1]) == (["p"], "PlanWaveStarted")
    pair.serve("p")
    assert world.status("p.2") == "RUNNING"


def test_a_plan_without_waves_goes_on_as_well(world: LedgerWorld) -> None:
    pair = Pair(world)
    pair.submit("p", ["a", "b"], rules=FleetRules(2, SOFT))
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.worker("begin", task_id)
    for task_id in ("p.0", "p.1"):
        pair.worker("fail", task_id)
    pair.ask("retry", "p.0")
    pair.serve("p")
    world.wakes()
    pair.accept("p.1")
    assert world.wakes() == ["p"]
    pair.serve("p")
    assert world.status("p.0") == "RUNNING"


@pytest.mark.parametrize("waits", [{"gate": "manual"}, {"soak_seconds": 0.001}])
def test_a_last_wave_that_its_breaker_took_back_is_asked_for_nothing(
    world: LedgerWorld, waits: dict[str, object]
) -> None:
    pair = Pair(world)
    waves = (Wave("only", 2, tolerance=SOFT, **waits),)  # type: ignore[arg-type]
    pair.submit("p", ["a", "b"], rules=FleetRules(2, None, "rollback_wave", waves), wave_of=[0, 0])
    pair.serve("p")
    pair.finish("p.1")
    pair.stage("p.0")
    pair.break_stage("p.0")
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.finish(task_id)
    assert world.status("p") == "ROLLED_BACK"
