"""What a tenant should be, where a rollback strategy of another package says what it went back to."""

from __future__ import annotations

from typing import Any

import redis

from orchestrator.drift.expected import Expectations
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.settings.model import Settings
from orchestrator.stages.rollback_strategy import load_strategy
from tests.support.ledger_world import FAILURE, LedgerWorld


class Wordy:
    def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> Any:
        return "version 41"


def test_a_tenant_whose_strategy_answers_no_config_cannot_be_judged(
    user_client: redis.Redis, redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings, user_client)
    (task,) = world.started("p", ["a"])
    world.finish(task)
    (found,) = Expectations(world.reader, Wordy()).of_plan("p")
    assert found.why_not == "the rollback strategy answered a str, expected a dict or None"


def test_a_tenant_that_its_soak_failed_is_to_be_at_the_new_config(
    user_client: redis.Redis, redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings, user_client)
    waves = (Wave("canary", 1, soak_seconds=0.001), Wave("rest", 1))
    world.plan("p", ["a", "b"], rules=FleetRules(2, None, "pause", waves), wave_of=[0, 1], max_concurrency=4)
    world.coordinate()
    world.finish("p.0")
    world.coordinate()
    for _ in range(2):
        (look,) = world.looks("p")
        world.awaited.record_look(look.task_id, look.number, FAILURE)
    assert world.status("p.0") == "FAILED"
    found = next(Expectations(world.reader, load_strategy(settings.rollback_strategy)).of_plan("p"))
    assert (found.why_not, (found.config or {})["deploy_unit_version"]) == ("", "of-p")
    # Once it is tried again, nobody knows.
    world.ask("retry", "p.0")
    assert next(Expectations(world.reader, load_strategy(settings.rollback_strategy)).of_plan("p")).config is None
