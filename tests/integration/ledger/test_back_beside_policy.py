"""A breaker that takes a wave back of which nobody is left to be asked: each goes back by its own policy, or cannot."""

from __future__ import annotations

from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair


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


def _none_can_go_back(world: LedgerWorld) -> Pair:
    """Two of the first wave fail, one more than it bears, and have nowhere to go back to; the third waits."""
    pair = Pair(world)
    pair.submit("before", ["c"])
    pair.serve("before")
    pair.finish("before.0")
    waves = (Wave("first", 3, tolerance=Tolerance(1, strict=False)), Wave("rest", 1))
    rules = FleetRules(4, None, "rollback_wave", waves, auto_rollback=True)
    pair.submit("p", ["a", "b", "c", "d"], slots=2, snapshot=False, rules=rules, wave_of=[0, 0, 0, 1])
    pair.serve("p")
    pair.break_stage("p.0")
    pair.break_stage("p.1")
    pair.serve("p")
    return pair


def test_a_plan_goes_on_behind_a_wave_of_which_none_could_go_back(world: LedgerWorld, settings: Settings) -> None:
    pair = _none_can_go_back(world)
    assert world.status("p") == "PAUSED"
    assert "back by its breaker" not in explained(world, settings, "p")
    assert pair.ask("resume", "p", force=True).answer == "ACCEPTED"
    pair.serve("p")
    pair.finish("p.2")
    pair.serve("p")
    pair.finish("p.3")
    assert world.status("p") == "FAILED"


def test_a_breaker_that_took_nobody_back_holds_no_wave_of_a_plan_that_is_opened_again(world: LedgerWorld) -> None:
    pair = _none_can_go_back(world)
    pair.ask("cancel", "p")
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.accept(task_id)
    pair.ask("retry", "p.2", from_scratch=True)
    pair.serve("p")
    # One failure is borne: it goes back by itself, and no breaker does anything.
    pair.break_stage("p.2")
    pair.ask("retry", "p.3", from_scratch=True)
    pair.serve("p")
    pair.finish("p.2")
    pair.serve("p")
    assert [world.status(one) for one in ("p.2", "p.3")] == ["ROLLED_BACK", "RUNNING"]
    pair.finish("p.3")
    world.check()
