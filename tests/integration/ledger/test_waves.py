"""Waves, breakers, gates and soaks, one rule each, on the real ledger beside the model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain.events import OperationRequested
from orchestrator.domain.status import TaskState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair

SOFT, STRICT = (Tolerance(0, strict=False), Tolerance(0, strict=True))
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def pair(world: LedgerWorld) -> Pair:
    return Pair(world)


def two_waves(pair: Pair, *, tolerance: Tolerance | None = None, on_breach: str = "pause", **first: object) -> None:
    """Tenants a and b, then c and d."""
    waves = (Wave("first", 2, **first), Wave("rest", 2))  # type: ignore[arg-type]
    pair.submit("p", ["a", "b", "c", "d"], rules=FleetRules(4, tolerance, on_breach, waves), wave_of=[0, 0, 1, 1])
    pair.serve("p")


def running(pair: Pair) -> list[str]:
    return [task.id for task in pair.model.tasks.values() if task.status is TaskState.RUNNING]


def test_the_next_wave_begins_in_the_write_that_ends_the_one_before(pair: Pair) -> None:
    two_waves(pair)
    assert running(pair) == ["p.0", "p.1"]
    pair.finish("p.0")
    pair.serve("p")
    assert running(pair) == ["p.1"]
    for _ in range(3):
        if pair.model.tasks["p.1"].lease == "queued":
            pair.worker("begin", "p.1")
        pair.advance("p.1")
    # The worker that ended it goes on with the first of the next wave.
    assert running(pair) == ["p.2"]
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


@pytest.mark.parametrize(("count", "at_once"), [(0, 1), (1, 2), (9, 4)])
def test_strict_starts_only_so_many_that_one_too_many_is_all_that_fails(pair: Pair, count: int, at_once: int) -> None:
    pair.submit("p", ["a", "b", "c", "d"], rules=FleetRules(4, Tolerance(count, strict=True)))
    pair.serve("p")
    assert len(running(pair)) == at_once
    pair.break_stage("p.0")
    pair.serve("p")
    assert len(running(pair)) == (0 if count == 0 else min(at_once - 1, 3) if count == 1 else 3)


def test_a_retry_alone_does_not_get_past_a_breaker(pair: Pair) -> None:
    pair.submit("p", ["a", "b"], rules=FleetRules(2, SOFT, on_breach="pause"))
    pair.serve("p")
    for verb in ("begin", "fail"):
        pair.worker(verb, "p.0")
        pair.worker(verb, "p.1")
    assert pair.world.status("p") == "FAILED"
    pair.ask("retry", "p.0")
    pair.serve("p")
    assert running(pair) == [], "the other has failed, which is more than is borne"
    assert pair.ask("resume", "p").why == "running"
    assert pair.ask("resume", "p", force=True).answer == "ACCEPTED"
    pair.serve("p")
    assert running(pair) == ["p.0"]


def test_a_wave_that_is_done_with_is_waited_for_when_a_task_of_it_moves_again(pair: Pair) -> None:
    two_waves(pair, tolerance=Tolerance(3, strict=False), gate="manual")
    pair.break_stage("p.0")
    pair.finish("p.1")
    pair.answer_gate("p", approves=True)
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]
    pair.break_stage("p.2")
    pair.worker("begin", "p.3")
    pair.ask("pause", "p.3")
    pair.worker("succeed", "p.3")
    pair.ask("retry", "p.2")
    pair.ask("retry", "p.0")
    pair.serve("p")
    assert running(pair) == ["p.0"]
    # It had had its turn: it goes on, whatever is waited for.
    pair.ask("resume", "p.3")
    pair.serve("p")
    assert running(pair) == ["p.0", "p.3"]
    pair.finish("p.0")
    pair.finish("p.3")
    pair.serve("p")
    pair.finish("p.2")
    assert pair.world.status("p") == "COMPLETED", "its gate is not asked again"


def test_a_rollback_waits_for_no_wave_breaker_or_gate(pair: Pair) -> None:
    two_waves(pair, tolerance=SOFT)
    pair.finish("p.0")
    pair.break_stage("p.1")
    assert pair.world.status("p") == "PAUSED"
    pair.ask("rollback", "p.0")
    pair.ask("rollback", "p.1")
    pair.serve("p")
    assert pair.model.tasks["p.0"].status is TaskState.ROLLING_BACK
    assert pair.model.tasks["p.1"].status is TaskState.ROLLING_BACK


def test_gone_in_two_looks_in_a_row_is_failed(pair: Pair) -> None:
    two_waves(pair, soak_seconds=0.001)
    pair.finish("p.0")
    pair.finish("p.1")
    gone = frozenset({"b"})
    assert pair.look("p", gone) == ["SEEN", "SEEN"]
    assert pair.look("p", NOBODY) == ["SEEN", "SEEN"], "it was there again, and the soak is over"
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


def test_a_soak_that_trips_the_breaker_is_done_anew_when_that_is_answered(pair: Pair) -> None:
    two_waves(pair, tolerance=SOFT, soak_seconds=0.001)
    pair.finish("p.0")
    pair.finish("p.1")
    gone = frozenset({"a", "b"})
    assert pair.look("p", gone) == ["SEEN", "SEEN"]
    assert pair.look("p", gone) == ["UNHEALTHY", "STALE"], "the breaker ends the looks"
    assert pair.world.status("p") == "PAUSED"
    assert pair.ask("resume", "p").why == "breached"
    pair.ask("resume", "p", force=True)
    assert pair.look("p", NOBODY) == ["SEEN"]
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


def test_a_wave_that_is_taken_back_keeps_the_plan_paused(pair: Pair) -> None:
    two_waves(pair, tolerance=SOFT, on_breach="rollback_wave")
    pair.finish("p.0")
    pair.break_stage("p.1")
    assert pair.ask("resume", "p").why == "takes-wave-back"
    pair.serve("p")
    asked = [event for event in pair.world.events() if isinstance(event, OperationRequested)]
    back = [event.target_id for event in asked if event.operation == "rollback"]
    assert back == ["p.1", "p.0"], "the newest first"
    pair.finish("p.0")
    pair.finish("p.1")
    assert (pair.world.status("p"), pair.ask("resume", "p").why) == ("PAUSED", "wave-taken-back")
    pair.ask("resume", "p", force=True)
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


def test_two_people_answer_one_gate(pair: Pair) -> None:
    two_waves(pair, gate="manual")
    pair.finish("p.0")
    pair.finish("p.1")
    first, second = (
        pair.world.operations.answer_gate("p", "first", Order(who, "fine"), approves=True) for who in ("ada", "bob")
    )
    assert (first.answer, second.answer, second.why) == ("ACCEPTED", "NOOP", "approved")
    assert pair.world.kinds().count("PlanGateApproved") == 1
    late = pair.world.operations.answer_gate("p", "first", Order("eve", "no"), approves=False)
    assert (late.answer, late.why) == ("REFUSED", "gate-approved")
    assert pair.world.operations.answer_gate("p", "rest", Order("eve", "no"), approves=False).why == "no-gate"
    assert pair.world.operations.answer_gate("p", "west", Order("eve", "no"), approves=False).why == "no-wave"
    assert pair.world.operations.answer_gate("nobody", "", Order("eve", ""), approves=True).answer == "MISSING"


def _completes(pair: Pair) -> None:
    pair.finish("p.0")
    pair.serve("p")
    pair.ask("rollback", "p.0")


def _fails(pair: Pair) -> None:
    pair.break_stage("p.0")
    pair.serve("p")
    pair.ask("rollback", "p.0")


def _runs(pair: Pair) -> None:
    pair.worker("begin", "p.0")
    pair.ask("rollback", "p.0")
    pair.worker("succeed", "p.0")


def _is_cancelled(pair: Pair) -> None:
    pair.worker("begin", "p.0")
    pair.ask("cancel", "p.0")
    pair.worker("succeed", "p.0")


@pytest.mark.parametrize("soak", [None, 600.0])
@pytest.mark.parametrize("way", [_completes, _fails, _runs, _is_cancelled])
def test_whoever_is_taken_back_or_given_up_no_gate_is_passed_without_an_answer(
    pair: Pair, way: Callable[[Pair], None], soak: float | None
) -> None:
    waves = (Wave("canary", 1, soak_seconds=soak, gate="manual"), Wave("rest", 1))
    pair.submit("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1])
    pair.serve("p")
    way(pair)
    pair.serve("p")
    pair.finish("p.0")
    pair.serve("p")
    assert (running(pair), pair.world.kinds()[-1]) == ([], "PlanGateWaiting")
    pair.answer_gate("p", approves=True)
    pair.serve("p")
    assert running(pair) == ["p.1"]


def test_a_wave_of_which_nobody_had_begun_has_nobody_to_be_judged_by(pair: Pair) -> None:
    waves = (Wave("canary", 1, gate="manual"), Wave("rest", 1))
    pair.submit("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1])
    pair.exclude("p", "a")
    pair.serve("p")
    assert running(pair) == ["p.1"]


@pytest.mark.parametrize("policy", [True, False])
def test_one_whose_soak_failed_has_no_stage_to_leave_out_and_goes_back_by_policy(pair: Pair, policy: bool) -> None:
    waves = (Wave("canary", 2, soak_seconds=0.001), Wave("rest", 1))
    rules = FleetRules(3, waves=waves, auto_rollback=policy)
    pair.submit("p", ["a", "b", "c"], rules=rules, wave_of=[0, 0, 1])
    pair.serve("p")
    pair.break_stage("p.0") if not policy else pair.finish("p.0")
    if not policy:
        # Left out once, it is none of the stages that count as left out when all are run again.
        assert pair.skip_stage("p.0").why == "skips"
        pair.serve("p")
        pair.finish("p.0")
    pair.finish("p.1")
    for _ in range(2):
        pair.look("p", frozenset("a"))
    assert pair.world.status("p.0") == "FAILED"
    assert pair.skip_stage("p.0").why == ("rollback-requested" if policy else "no-stage-failed")
    pair.serve("p")
    if policy:
        assert running(pair) == []
        pair.finish("p.0")
        assert pair.world.status("p.0") == "ROLLED_BACK"
    else:
        pair.ask("retry", "p.0")
        pair.serve("p")
        pair.finish("p.0")
    # Whoever is left soaks from the beginning.
    pair.look("p", NOBODY)
    pair.serve("p")
    assert running(pair) == ["p.2"]


def test_an_approval_lets_a_plan_go_on_that_its_gate_has_paused(pair: Pair) -> None:
    two_waves(pair, gate="manual")
    pair.finish("p.0")
    pair.finish("p.1")
    pair.answer_gate("p", approves=False)
    assert (pair.world.status("p"), pair.world.last_asked("p")) == ("PAUSED", "reject")
    pair.answer_gate("p", approves=True)
    assert (pair.world.status("p"), pair.world.last_asked("p")) == ("RUNNING", "approve")
    kinds = [event.type for event in pair.world.events()]
    assert kinds[-5:] == [
        "PlanGateApproved",
        "PlanWaveCompleted",
        "PlanWaveStarted",
        "OperationRequested",
        "PlanResumed",
    ]
    assert pair.world.client.hget(pair.world.keys.of("plan", "p"), "pausedFor") is None
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


def test_an_approval_lets_no_plan_go_on_that_a_person_holds(pair: Pair) -> None:
    two_waves(pair, gate="manual")
    pair.finish("p.0")
    pair.finish("p.1")
    pair.answer_gate("p", approves=False)
    assert pair.ask("pause", "p").answer == "ACCEPTED", "the gate alone would let it go on"
    assert pair.ask("pause", "p").answer == "NOOP"
    pair.answer_gate("p", approves=True)
    assert pair.world.status("p") == "PAUSED"
    pair.ask("resume", "p")
    pair.serve("p")
    assert running(pair) == ["p.2", "p.3"]


def test_an_approval_of_the_last_gate_ends_a_plan_that_it_has_paused(pair: Pair) -> None:
    pair.submit("p", ["a"], rules=FleetRules(1, None, "pause", (Wave("all", 1, gate="manual"),)), wave_of=[0])
    pair.serve("p")
    pair.finish("p.0")
    pair.answer_gate("p", approves=False)
    pair.answer_gate("p", approves=True)
    assert pair.world.status("p") == "COMPLETED"
    assert [event.type for event in pair.world.events()][-1] == "PlanCompleted"
