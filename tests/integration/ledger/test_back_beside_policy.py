"""A breaker that takes a wave back of which some are on their way back already, each by its own policy."""

from __future__ import annotations

from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld


def test_a_wave_is_sent_back_also_when_nobody_of_it_is_left_to_be_asked(world: LedgerWorld) -> None:
    """Its gate is asked no more: the plan may end, and ledger and log say the same of it."""
    # What a tenant has to go back to, only b has.
    world.done("before", "b")
    rules = FleetRules(
        3, Tolerance(1, strict=False), "rollback_wave", (Wave("w", 3, gate="manual"),), auto_rollback=True
    )
    world.plan("p", ["a", "b", "c"], rules=rules, wave_of=[0, 0, 0], snapshot=False, max_concurrency=2)
    world.coordinate()
    world.break_stage("p.1")
    world.break_stage("p.0")
    world.coordinate()
    assert "PlanBreakerTripped" in world.kinds(plan_id="p")
    world.finish("p.1")
    FailureAnswers(world.ledger, 2).on_task("accept", "p.0", Order("ada", "known"))
    assert world.ask("cancel", "p.2").answer == "ACCEPTED"
    assert [world.status(one) for one in ("p", "p.0", "p.1", "p.2")] == [
        "CANCELLED",
        "FAILED",
        "ROLLED_BACK",
        "CANCELLED",
    ]
    world.check()
