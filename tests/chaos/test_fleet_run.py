"""A short seeded run of a fleet: waves, gates, breakers, groups, freezes and those who answer them, under faults."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
import redis

from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.settings.model import Settings
from tests.chaos.fleet_operator import FleetOperator
from tests.chaos.run import ChaosRun, run_chaos
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long

SEED = 1


@long
@pytest.mark.timeout(400)
def test_invariants_hold_of_a_fleet_under_faults(tmp_path: Path) -> None:
    result = run_chaos(ChaosRun(seed=SEED, tenants=24, faults=8, max_concurrency=8, fleet=True), tmp_path / "run")
    print(f"seed {SEED}: {result}")
    assert result.holds, str(result.report)
    assert len(result.faults) == 8
    assert result.answers["approve"] >= 2


def test_its_people_answer_a_plan_that_a_strict_breaker_slows(
    redis_client: redis.Redis, user_client: redis.Redis, settings: Settings
) -> None:
    """Nothing has tripped, so nothing is paused: else a large one is not done when it is judged."""
    world = LedgerWorld(redis_client, settings, user_client)
    rules = FleetRules(6, Tolerance(2, strict=True), "pause")
    world.started("p", ["a", "b", "c", "d", "e", "f"], rules=rules, max_concurrency=4, stages=["one"])
    world.break_stage("p.0")
    world.break_stage("p.1")
    world.coordinate()
    people = FleetOperator(settings, ["p"], random.Random(SEED))
    try:
        people.answer(hurries=True)
    finally:
        people.close()
    assert people.done in (Counter(accept=1), Counter(retry=1))
    world.coordinate()
    assert len(world.reader.slot_holders("p")) == 3, "as many as it bears of whom none has failed, and one"
    world.check()
