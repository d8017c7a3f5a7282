"""What a breaker has taken back is a fact of the wave: no later trip, way back, retry or cancel loses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.control.explain import Explainer
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.control.replies import reason_words
from orchestrator.domain.status import TaskState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair

SOFT = Tolerance(0, strict=False)


@pytest.fixture
def pair(world: LedgerWorld) -> Pair:
    return Pair(world)


def two_waves(pair: Pair, tolerance: Tolerance | None, *, of_each: Tolerance | None = None) -> None:
    """Tenants a and b, then c and d; a wave that fails too often goes back."""
    waves = (Wave("first", 2, tolerance=of_each), Wave("rest", 2, tolerance=of_each))
    rules = FleetRules(4, tolerance, "rollback_wave", waves)
    pair.submit("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 0, 1, 1])
    pair.serve("p")


def test_who_was_taken_back_is_told_of_a_plan_that_has_ended_otherwise(world: LedgerWorld) -> None:
    waves = (Wave("first", 2, tolerance=SOFT), Wave("rest", 2))
    rules = FleetRules(4, None, "rollback_wave", waves)
    world.started("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 0, 1, 1])
    world.finish("p.0")
    world.break_stage("p.1")
    world.coordinate()
    for task_id in ("p.0", "p.1"):
        world.finish(task_id)
    world.ask("resume", "p", Order("ada", accept_failures=True))
    world.coordinate()
    world.finish("p.2")
    world.break_stage("p.3")
    assert world.status("p") == "FAILED"

    ended = Explainer(world.ledger, world.reader, world.settings).plan("p").remarks[0]

    assert "; its policy took 2 back: --from-scratch moves them again" in ended.sentence
    assert ended.commands == ["changeover retry --plan p --from-scratch"]


def test_a_plan_that_could_not_go_back_whole_tells_what_moves_the_rest_again(world: LedgerWorld) -> None:
    # What a tenant has to go back to, only a has: another rollback would take nobody back.
    world.done("before", "a")
    world.plan("p", ["a", "b"], rules=FleetRules(2, SOFT, "rollback_plan"), snapshot=False, max_concurrency=2)
    world.coordinate()
    world.finish("p.0")
    world.break_stage("p.1")
    world.coordinate()
    world.finish("p.0")
    assert [world.status(one) for one in ("p", "p.0", "p.1")] == ["ROLLBACK_FAILED", "ROLLED_BACK", "FAILED"]

    ended, breaker, *_ = Explainer(world.ledger, world.reader, world.settings).plan("p").remarks

    assert "; its policy took 1 back: --from-scratch moves them again" in ended.sentence
    assert (ended.commands, breaker.commands) == (
        ["changeover retry --plan p --from-scratch"],
        ["changeover retry --plan p"],
    )


def running(pair: Pair) -> list[str]:
    return [task.id for task in pair.model.tasks.values() if task.status is TaskState.RUNNING]


def _mends_by_hand(pair: Pair) -> None:
    """The way back of one fails, which trips the breaker once more, and is asked for again by a person."""
    pair.serve("p")
    pair.finish("p.0")
    pair.break_stage("p.1")
    pair.ask("rollback", "p.1")
    pair.serve("p")
    pair.finish("p.1")


def _is_still_under_way(pair: Pair) -> None:
    pair.serve("p")


def _retries_one_of_them(pair: Pair) -> None:
    _mends_by_hand(pair)
    pair.ask("retry", "p.0", from_scratch=True)


@pytest.mark.parametrize("afterwards", [_mends_by_hand, _is_still_under_way, _retries_one_of_them])
def test_nothing_later_makes_a_plan_forget_that_its_wave_was_taken_back(
    pair: Pair, afterwards: Callable[[Pair], None]
) -> None:
    two_waves(pair, SOFT)
    pair.finish("p.0")
    pair.break_stage("p.1")
    afterwards(pair)
    assert pair.ask("resume", "p").why == "wave-taken-back"
    pair.serve("p")
    assert not {"p.2", "p.3"} & set(running(pair))


def test_a_plan_that_was_given_up_and_is_opened_again_still_waits_for_an_answer(pair: Pair) -> None:
    two_waves(pair, SOFT)
    pair.finish("p.0")
    pair.break_stage("p.1")
    _mends_by_hand(pair)
    pair.ask("cancel", "p")
    pair.serve("p")
    pair.ask("retry", "p.2", from_scratch=True)
    pair.serve("p")
    assert (pair.world.status("p"), running(pair)) == ("RUNNING", [])
    pair.ask("resume", "p", force=True)
    pair.serve("p")
    assert running(pair) == ["p.2"]


def test_a_wave_whose_breaker_trips_while_another_goes_back_is_next(pair: Pair) -> None:
    two_waves(pair, None, of_each=SOFT)
    pair.finish("p.0")
    pair.finish("p.1")
    pair.serve("p")
    pair.stage("p.3")
    pair.ask("rollback", "p.0")
    pair.serve("p")
    pair.finish("p.0")
    pair.ask("retry", "p.0", from_scratch=True)
    pair.serve("p")
    for verb in ("begin", "fail"):
        pair.worker(verb, "p.0")
        pair.worker(verb, "p.2")
    pair.serve("p")
    back = {task.id for task in pair.model.tasks.values() if task.rollback or task.status is TaskState.ROLLING_BACK}
    assert back == {"p.0", "p.1", "p.2", "p.3"}
    assert pair.ask("resume", "p").why == "wave-taken-back"


def test_a_plan_without_waves_waits_for_an_answer_too(pair: Pair) -> None:
    pair.submit("p", ["a", "b", "c"], slots=2, rules=FleetRules(3, SOFT, "rollback_wave"))
    pair.serve("p")
    pair.finish("p.0")
    pair.break_stage("p.1")
    _mends_by_hand(pair)
    assert pair.ask("resume", "p").why == "wave-taken-back"
    pair.ask("resume", "p", force=True)
    pair.serve("p")
    assert running(pair) == ["p.2"]


def test_all_that_a_breaker_took_back_is_moved_again_by_one_command(pair: Pair, settings: Settings) -> None:
    two_waves(pair, SOFT)
    pair.finish("p.0")
    pair.break_stage("p.1")
    _mends_by_hand(pair)
    again = "changeover retry --plan p --from-scratch"
    assert again in explained(pair.world, settings, "p")
    assert again in reason_words(pair.ask("retry", "p"))
    assert pair.ask("retry", "p", from_scratch=True).answer == "ACCEPTED"
    pair.serve("p")
    assert pair.ask("resume", "p").answer == "ACCEPTED", "all of it is moved again"
    pair.serve("p")
    assert running(pair) == ["p.0", "p.1"]


def test_a_part_of_what_went_back_is_moved_again_by_a_pattern(pair: Pair) -> None:
    two_waves(pair, SOFT)
    pair.finish("p.0")
    pair.break_stage("p.1")
    _mends_by_hand(pair)
    retry = NarrowedRetry(pair.world.operations, pair.world.reader)
    assert not retry.of_plan("p", Narrowing(tenants="a*"), Order("ada")).accepted
    answer = retry.of_plan("p", Narrowing(tenants="a*"), Order("ada", from_scratch=True))
    assert answer.message == "1 of 1 such tasks that failed or were taken back will be retried"


def test_why_a_task_went_back_is_told_beside_why_it_could_not(world: LedgerWorld, settings: Settings) -> None:
    pair = Pair(world)
    pair.submit("p", ["a", "b"], slots=1, rules=FleetRules(2, None, "pause", auto_rollback=True))
    pair.serve("p")
    pair.break_stage("p.0")
    pair.serve("p")
    pair.break_stage("p.0")
    told = world.task("p.0")
    assert told["wentBackFor"] == told["failure"]
    assert "went back since it had failed: " in explained(pair.world, settings, "p.0")
    assert "asked for by policy (auto_rollback: task)" in explained(pair.world, settings, "p.0")
    assert "a went back since it had failed: " in explained(pair.world, settings, "p")


def test_who_was_taken_back_by_a_person_keeps_no_plan_that_its_breaker_stopped(pair: Pair) -> None:
    rules = FleetRules(4, SOFT, "rollback_wave", (Wave("first", 3), Wave("rest", 1)))
    pair.submit("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 0, 0, 1])
    pair.serve("p")
    pair.finish("p.0")
    pair.ask("rollback", "p.0")
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.finish(task_id)
    pair.break_stage("p.2")
    pair.serve("p")
    for task_id in ("p.1", "p.2"):
        pair.finish(task_id)
    assert reason_words(pair.ask("resume", "p")).startswith("its breaker took 2 tenants of wave first back; ")
    pair.ask("retry", "p", from_scratch=True)
    pair.serve("p")
    assert pair.ask("resume", "p").answer == "ACCEPTED"
    pair.serve("p")
    assert running(pair) == ["p.1", "p.2"]


def _all_back(world: LedgerWorld) -> None:
    """The first of two waves was taken back, and is."""
    rules = FleetRules(4, SOFT, "rollback_wave", (Wave("first", 2), Wave("rest", 2)))
    world.plan("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 0, 1, 1])
    world.coordinate()
    world.begin("p.0")
    world.finish("p.0")
    world.begin("p.1")
    world.fail("p.1")
    world.coordinate()
    for task_id in ("p.0", "p.1"):
        world.begin(task_id)
        world.finish(task_id)


def _forget_marks(world: LedgerWorld) -> None:
    """As a process from before them has left it."""
    world.client.hdel(world.keys.of("plan", "p"), "wave:0:sentBack", "wave:0:n:sentBack", "n:sentBack")
    for task_id in ("p.0", "p.1"):
        world.client.hdel(world.keys.of("task", task_id), "sentBack")


def test_what_an_older_process_took_back_is_moved_again_too(world: LedgerWorld, settings: Settings) -> None:
    _all_back(world)
    _forget_marks(world)
    assert world.ask("resume", "p").why == "wave-taken-back"
    assert "2 taken back by its breaker" in "\n".join(Explainer(world.ledger, world.reader, settings).plan("p").reasons)
    assert world.ask("retry", "p").what == "2"
    assert world.ask("retry", "p", Order("ada", from_scratch=True)).answer == "ACCEPTED"
    world.coordinate()
    assert world.ask("resume", "p").answer == "ACCEPTED"
    world.coordinate()
    assert [world.task(f"p.{position}")["status"] for position in range(4)] == ["RUNNING"] * 2 + ["PENDING"] * 2


@pytest.mark.parametrize("asked_before", [0, 1])
def test_a_coordinator_notes_the_wave_that_an_older_process_sends_back(world: LedgerWorld, asked_before: int) -> None:
    rules = FleetRules(3, SOFT, "rollback_wave", (Wave("first", 2), Wave("rest", 1)))
    world.plan("p", ["a", "b", "c"], rules=rules, wave_of=[0, 0, 1])
    world.coordinate()
    for task_id, ends in (("p.0", world.finish), ("p.1", world.fail)):
        world.begin(task_id)
        ends(task_id)
    world.client.hdel(world.keys.of("plan", "p"), "wave:0:sentBack")
    world.client.hset(world.keys.of("plan", "p"), "waveRollback", 1 - asked_before)
    world.coordinate()
    assert ("wave:0:sentBack" in world.reader.plan_record("p")) is not bool(asked_before), (
        "only when all get their marks"
    )
    assert world.ask("resume", "p").why in ("wave-taken-back", "breached")


def test_a_bulk_retry_that_finds_nobody_of_many_is_refused_and_writes_nothing(world: LedgerWorld) -> None:
    many = 21
    rules = FleetRules(many, SOFT, "rollback_wave", (Wave("only", many),))
    world.plan("p", [f"t{n}" for n in range(many)], rules=rules, wave_of=[0] * many, max_concurrency=many)
    world.coordinate()
    world.begin("p.0")
    world.finish("p.0")
    for position in range(1, many):
        world.begin(f"p.{position}")
        world.fail(f"p.{position}")
    scratch = Order("ada", from_scratch=True)
    assert world.ask("retry", "p", scratch).why == "takes-wave-back", "some are not asked to go back yet"
    world.coordinate()
    assert world.ask("retry", "p", scratch).why == "none-failed", "all are on the way"
    for position in range(many):
        world.begin(f"p.{position}")
        world.fail(f"p.{position}")
    before = world.client.hgetall(world.keys.of("plan", "p"))
    reply = world.ask("retry", "p", scratch)
    assert (reply.answer, reply.why, reply.what) == ("REFUSED", "none-failed", "")
    assert world.client.hgetall(world.keys.of("plan", "p")) == before
