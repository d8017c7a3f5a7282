"""Why a tenant, or a plan, went back is told when all of it is back cleanly."""

from __future__ import annotations

from orchestrator.cli.tables import task_now
from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.status import StatusReader
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.settings.model import Settings
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair


def test_why_it_went_back_is_told_of_what_is_back_cleanly(world: LedgerWorld, settings: Settings) -> None:
    pair = Pair(world)
    pair.submit("p", ["a", "b"], slots=1, rules=FleetRules(2, None, "pause", auto_rollback=True))
    pair.serve("p")
    pair.break_stage("p.0")
    pair.serve("p")
    pair.finish("p.0")
    why = "it went back since it had failed: Broken: it broke"
    assert why in explained(pair.world, settings, "p.0")
    assert "1 went back since they had failed" in explained(pair.world, settings, "p")
    assert task_now(StatusReader(world.reader).task("p.0")).startswith("went back for Broken")


def test_a_plan_that_its_breaker_took_back_says_why_and_what_moves_it_again(
    world: LedgerWorld, settings: Settings
) -> None:
    pair = Pair(world)
    pair.submit("p", ["a", "b"], slots=1, rules=FleetRules(2, Tolerance(0, strict=False), "rollback_plan"))
    pair.serve("p")
    pair.break_stage("p.0")
    pair.serve("p")
    pair.finish("p.0")
    told = Explainer(world.ledger, world.reader, settings).plan("p").remarks
    (ended,) = [one for one in told if one.situation == Situation.PLAN_ENDED]
    assert ended.sentence.endswith("; it was rolled back by policy (the breaker tripped: 1 failed, tolerance 0)")
    assert ended.commands == ["changeover retry --plan p --from-scratch"]
