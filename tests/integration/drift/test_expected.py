"""What a tenant should be, where a rollback strategy of another package says what it went back to."""

from __future__ import annotations

from typing import Any

import redis

from orchestrator.drift.expected import Expectations
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld


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
