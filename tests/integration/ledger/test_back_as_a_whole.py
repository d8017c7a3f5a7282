"""What its breaker has taken back as a whole (`rollback_plan`): who had failed counts on, who had not is waited for as
where a wave goes back alone, until they are moved again or a person goes on without them."""

from __future__ import annotations

import pytest

from orchestrator.control.replies import reason_words
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.settings.model import Settings
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair


@pytest.fixture
def pair(world: LedgerWorld) -> Pair:
    """The canary is a and b."""
    pair = Pair(world)
    waves = (Wave("canary", 2, tolerance=Tolerance(0, strict=False)), Wave("rest", 2))
    rules = FleetRules(4, None, "rollback_plan", waves)
    pair.submit("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 0, 1, 1])
    pair.serve("p")
    return pair


def _two_move_again(pair: Pair) -> None:
    """What failed, to its end, and the next wave's, which may be admitted then."""
    pair.ask("retry", "p.1", from_scratch=True)
    pair.ask("retry", "p.2", from_scratch=True)
    pair.serve("p")
    pair.finish("p.1")
    pair.serve("p")


def _goes_back(pair: Pair) -> None:
    for task_id in ("p.0", "p.1"):
        pair.serve("p")
        pair.finish(task_id)
    assert pair.world.status("p") == "ROLLED_BACK"


def _only_the_first_and_the_rest_move_again(pair: Pair) -> None:
    for task_id in ("p.0", "p.2", "p.3"):
        pair.ask("retry", task_id, from_scratch=True)
    pair.serve("p")


@pytest.mark.parametrize("is_asked_before", [True, False])
def test_who_fails_when_it_is_to_go_back_already_counts_on(pair: Pair, is_asked_before: bool) -> None:
    for task_id in ("p.0", "p.1"):
        pair.worker("begin", task_id)
    pair.worker("fail", "p.0")
    if is_asked_before:
        pair.serve("p")
    pair.worker("fail", "p.1")
    _goes_back(pair)
    _only_the_first_and_the_rest_move_again(pair)
    assert {pair.world.status(task_id) for task_id in ("p.0", "p.2", "p.3")} == {"PENDING"}
    assert reason_words(pair.ask("resume", "p", force=True)) == ""
    pair.serve("p")
    assert pair.world.status("p.0") == "RUNNING"


def test_who_was_healthy_is_waited_for(pair: Pair, settings: Settings) -> None:
    pair.finish("p.0")
    pair.break_stage("p.1")
    _goes_back(pair)
    _two_move_again(pair)
    assert pair.world.status("p.2") == "PENDING"
    told = explained(pair.world, settings, "p")
    assert "1 taken back by its breaker" in told
    assert "changeover resume --plan p --accept-failures" in told
    pair.ask("retry", "p.0", from_scratch=True)
    pair.serve("p")
    pair.finish("p.0")
    pair.serve("p")
    assert pair.world.status("p.2") == "RUNNING"


def test_who_turns_at_its_boundary_before_it_is_asked_is_waited_for(pair: Pair) -> None:
    pair.stage("p.0")
    pair.worker("begin", "p.0")
    pair.break_stage("p.1")
    pair.worker("succeed", "p.0")
    assert pair.world.status("p.0") == "ROLLING_BACK"
    _goes_back(pair)
    _two_move_again(pair)
    assert pair.world.status("p.2") == "PENDING"


def test_an_answer_is_not_asked_again_for_who_goes_back_later(world: LedgerWorld) -> None:
    """All are moved again; one fails, which is borne, and goes back by itself: later waves go on."""
    pair = Pair(world)
    waves = (Wave("canary", 2, tolerance=Tolerance(1, strict=False)), Wave("rest", 1))
    rules = FleetRules(3, None, "rollback_plan", waves, auto_rollback=True)
    pair.submit("p", ["a", "b", "c"], rules=rules, wave_of=[0, 0, 1])
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.stage(task_id)
        pair.worker("begin", task_id)
    for task_id in ("p.0", "p.1"):
        pair.worker("fail", task_id)
    _goes_back(pair)
    for task_id in ("p.0", "p.1", "p.2"):
        pair.ask("retry", task_id, from_scratch=True)
    pair.serve("p")
    pair.finish("p.0")
    pair.serve("p")
    pair.stage("p.1")
    pair.break_stage("p.1")
    pair.serve("p")
    pair.finish("p.1")
    pair.serve("p")
    assert (world.status("p.1"), world.status("p.2")) == ("ROLLED_BACK", "RUNNING")
