"""What is said of a retry in a plan whose breaker took tenants back: who starts is not told to wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from orchestrator import Client
from orchestrator.cli.happened import none_starts
from orchestrator.control.target import OperationTarget
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.planted_waves import wave_taken_back

SOFT = Tolerance(0, strict=False)


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    world = LedgerWorld(redis_client, settings, user_client)
    yield world
    world.check()


def test_whose_wave_is_the_last_starts_though_its_wave_was_taken_back(world: LedgerWorld, settings: Settings) -> None:
    rules = FleetRules(3, SOFT, "rollback_wave", (Wave("a", 1), Wave("b", 2)))
    world.started("p", ["a", "b", "c"], rules=rules, wave_of=[0, 1, 1])
    world.finish("p.0")
    world.coordinate()
    world.finish("p.1")
    world.break_stage("p.2")
    world.coordinate()
    world.finish("p.1")
    world.finish("p.2")
    world.ask("retry", "p.2", Order("ada", "mended", from_scratch=True))
    with Client(settings) as client:
        plan = client.summary("p")
        assert (plan.status, plan.current_wave, plan.waves[1].sent_back) == ("RUNNING", "b", 1)
        told = [
            none_starts(client, target) for target in (OperationTarget("plan", "p"), OperationTarget("task", "p.2"))
        ]
        assert told == ["", ""]
        assert "wave-taken-back" not in [one.situation for one in client.explain(plan_id="p").remarks]


def test_what_is_kept_behind_is_told_apart_from_what_starts(world: LedgerWorld, settings: Settings) -> None:
    wave_taken_back(world)
    target = OperationTarget("plan", "p")
    with Client(settings) as client:
        none = none_starts(client, target)
        assert none.startswith("none starts yet: wave canary: 1 of 1 ended, 0 failed, 1 taken back")
        of_task = none_starts(client, OperationTarget("task", "p.1"))
        assert of_task.startswith("none starts yet: it waits for an answer: ")
        # One that is not behind: what is said is about the rest.
        world.ask("retry", "p.0", Order("ada", "again", from_scratch=True))
        assert none_starts(client, OperationTarget("task", "p.0")) == ""
