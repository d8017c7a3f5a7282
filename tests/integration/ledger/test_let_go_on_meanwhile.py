"""A plan that is resumed while coordinators move again what its breaker took back: the retry stands for the answer, for
all whom it moves."""

from __future__ import annotations

import pytest

from orchestrator.domain.status import TaskState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair

SOFT = Tolerance(0, strict=False)
WAVES = (Wave("first", 3), Wave("rest", 1))
SLOTS = 3


@pytest.fixture
def pair(world: LedgerWorld) -> Pair:
    return Pair(world)


def taken_back(pair: Pair, waves: tuple[Wave, ...], *, but: str = "") -> None:
    """Tenants a, b and c are back by rollback_wave, ``but`` for one, which is on the way; d has not begun."""
    rules = FleetRules(4, SOFT, "rollback_wave", waves)
    pair.submit("p", ["a", "b", "c", "d"], slots=SLOTS, rules=rules, wave_of=[0, 0, 0, 1] if waves else ())
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.finish(task_id)
    pair.break_stage("p.2")
    pair.serve("p")
    for task_id in running(pair):
        if task_id != but:
            pair.finish(task_id)
    pair.serve("p")


def running(pair: Pair) -> list[str]:
    active = (TaskState.RUNNING, TaskState.ROLLING_BACK)
    return [task.id for task in pair.model.tasks.values() if task.status in active]


def test_a_resume_behind_the_retry_of_all_that_is_back_is_taken_at_once(pair: Pair) -> None:
    taken_back(pair, WAVES)
    assert pair.ask("resume", "p").why == "wave-taken-back"
    assert pair.ask("retry", "p", from_scratch=True).why == "", "coordinators do it"
    assert pair.ask("resume", "p").answer == "ACCEPTED"
    pair.serve("p")
    for task_id in ("p.0", "p.1", "p.2", "p.3"):
        assert task_id in running(pair)
        pair.finish(task_id)
        pair.serve("p")
    assert pair.world.status("p") == "COMPLETED"


@pytest.mark.parametrize(("waves", "stands"), [(WAVES, "RUNNING"), ((), "PAUSED")])
def test_whom_that_retry_leaves_is_still_to_be_answered_for(
    pair: Pair, settings: Settings, waves: tuple[Wave, ...], stands: str
) -> None:
    taken_back(pair, waves, but="p.0")
    pair.ask("retry", "p", from_scratch=True)
    assert pair.ask("resume", "p").answer == "ACCEPTED"
    pair.serve("p")
    pair.finish("p.0")
    pair.serve("p")
    while moved := running(pair):
        # Of a plan that stops, no further stage begins.
        if pair.worker("begin", moved[0]) == "BEGUN":
            pair.worker("succeed", moved[0])
        pair.serve("p")
    assert pair.world.status("p") == stands
    assert "changeover retry --plan p --from-scratch" in explained(pair.world, settings)
    pair.ask("resume", "p", force=True)
    pair.serve("p")
    assert "p.3" in running(pair)


@pytest.mark.parametrize("waves", [WAVES, ()])
def test_it_may_be_paused_and_resumed_again_while_the_retry_goes_on(
    pair: Pair, settings: Settings, waves: tuple[Wave, ...]
) -> None:
    taken_back(pair, waves)
    assert pair.world.ask("retry", "p", Order("ada", "mended", from_scratch=True)).answer == "ACCEPTED"
    assert [pair.world.ask(verb, "p").answer for verb in ("resume", "pause", "resume")] == ["ACCEPTED"] * 3
    told = explained(pair.world, settings)
    assert "is under way" in told
    assert "waits for an answer" not in told
    assert "--accept-failures" not in told
    pair.world.check()
