"""A wave that was passed by, or whose plan was given up, soaks and asks its gate once one of it moves after all,
also when all behind it are done; and no wave goes on while nobody knows yet who of it is moved again."""

from __future__ import annotations

import pytest

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Operation, Order, Reply, Taken
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair

WATCHED = Wave("watched", 2, gate="manual", soak_seconds=0.001)


def _exclude(pair: Pair) -> None:
    for tenant in ("b1", "b2"):
        pair.exclude("p", tenant)


def _cancel_all(pair: Pair) -> None:
    pair.ask("cancel", "p")
    pair.serve("p")
    for task_id in ("p.0", "p.3"):
        pair.ask("retry", task_id, from_scratch=True)


@pytest.mark.parametrize("give_up", [_exclude, _cancel_all])
def test_it_soaks_and_asks_its_gate_also_when_all_behind_it_are_done(world: LedgerWorld, give_up: object) -> None:
    pair = Pair(world)
    waves = (Wave("first", 1), WATCHED, Wave("rest", 1))
    pair.submit("p", ["a", "b1", "b2", "c"], rules=FleetRules(4, None, "pause", waves), wave_of=[0, 1, 1, 2])
    give_up(pair)  # type: ignore[operator]
    for task_id in ("p.0", "p.3"):
        pair.serve("p")
        pair.finish(task_id)
    assert (world.status("p"), world.kinds().count("PlanWaveCompleted")) == ("CANCELLED", 3)
    for task_id in ("p.1", "p.2"):
        pair.ask("retry", task_id, from_scratch=True)
    pair.serve("p")
    for task_id in ("p.1", "p.2"):
        pair.finish(task_id)
    pair.look("p", frozenset())
    assert (world.status("p"), world.kinds()[-1]) == ("RUNNING", "PlanGateWaiting")
    pair.answer_gate("p", approves=True)
    assert (world.status("p"), world.kinds().count("PlanWaveSoaking")) == ("COMPLETED", 1)


def test_nobody_fails_a_soak_while_one_of_an_earlier_wave_moves_again(world: LedgerWorld) -> None:
    """Whoever is gone stays in doubt meanwhile, so that no more than one fails beyond what is borne."""
    pair = Pair(world)
    waves = (Wave("first", 1), Wave("watched", 3, soak_seconds=600, soak_interval_seconds=30))
    rules = FleetRules(4, Tolerance(1, strict=True), "pause", waves)
    pair.submit("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 1, 1, 1])
    pair.serve("p")
    pair.break_stage("p.0")
    for task_id in ("p.1", "p.2", "p.3"):
        pair.serve("p")
        pair.finish(task_id)
    pair.ask("retry", "p.0")
    pair.serve("p")
    gone = frozenset("bcd")
    assert [pair.look("p", gone) for _ in range(3)] == [["SEEN"] * 3] * 3
    pair.break_stage("p.0")
    assert pair.look("p", gone) == ["UNHEALTHY", "STALE", "STALE"]
    assert world.status("p") == "FAILED"
    world.check()


def retry_step(world: LedgerWorld) -> Reply:
    """The next script of the retry of what has failed, which looks at one task."""
    narrowed = Narrowing(cause="*")
    how = (0, 0, "", 1, *narrowed.options)
    order = Order("ada", request_id="r1")
    return world.operations.send("retry_some_chunk", Operation.RETRY, f"plan p {narrowed}", "p", order, *how)


def _one_of_each_wave_has_failed(world: LedgerWorld, **waits: object) -> None:
    waves = (Wave("first", 1), Wave("watched", 2, **waits), Wave("rest", 1))  # type: ignore[arg-type]
    rules = FleetRules(4, Tolerance(5, strict=False), "pause", waves)
    world.started("p", ["a", "b", "c", "d"], rules=rules, wave_of=[0, 1, 1, 2], stages=["one"])
    world.break_stage("p.0")
    world.coordinate()
    world.break_stage("p.1")
    world.finish("p.2")
    assert retry_step(world).answer is Taken.MORE


def _says(world: LedgerWorld, target: str) -> list[tuple[str, list[str]]]:
    explainer = Explainer(world.ledger, world.reader, world.settings)
    told = explainer.plan(target) if target == "p" else explainer.task(target)
    return [(remark.situation, remark.commands) for remark in told.remarks]


def test_no_gate_is_approved_while_a_retry_of_many_is_under_way(world: LedgerWorld) -> None:
    _one_of_each_wave_has_failed(world, gate="manual")
    reply = world.operations.answer_gate("p", "", Order("bob"), approves=True)
    assert (reply.answer, reply.why) == (Taken.REFUSED, "retrying-first")
    assert not [command for _, commands in _says(world, "p") for command in commands if "approve" in command]
    assert (Situation.PLAN_RETRYING, ["changeover explain --plan p"]) in _says(world, "p.0")
    while retry_step(world).answer is Taken.MORE:
        pass
    for task_id in ("p.0", "p.1"):
        world.coordinate()
        world.finish(task_id)
    assert (world.kinds().count("PlanGateWaiting"), world.status("p.3")) == (2, "PENDING")
    assert world.operations.answer_gate("p", "", Order("bob"), approves=True).answer is Taken.ACCEPTED
    world.check()


def test_no_soak_is_over_while_a_retry_of_many_is_under_way(world: LedgerWorld) -> None:
    _one_of_each_wave_has_failed(world, soak_seconds=0.001, soak_interval_seconds=0.001)
    for look in world.looks("p"):
        world.awaited.record_look(look.task_id, look.number, None)
    assert world.kinds().count("PlanWaveCompleted") == 1
    while retry_step(world).answer is Taken.MORE:
        pass
    for task_id in ("p.0", "p.1"):
        world.coordinate()
        world.finish(task_id)
    assert world.kinds().count("PlanWaveSoaking") == 2
    world.check()


def test_no_second_retry_is_offered_while_one_is_under_way(world: LedgerWorld) -> None:
    world.started("p", "abc", stages=["one"], max_concurrency=3)
    world.break_stage("p.0")
    world.ask("cancel", "p")
    for task_id in ("p.1", "p.2"):
        world.begin(task_id)
    world.coordinate()
    again = "changeover retry --plan p --cancelled"
    assert again in [command for _, commands in _says(world, "p") for command in commands]
    assert retry_step(world).answer is Taken.MORE
    assert again not in [command for _, commands in _says(world, "p") for command in commands]
