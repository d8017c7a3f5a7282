"""What was given up and moves again goes through the waves as it would have the first time: nobody of a later wave
before the gate and the soak of an earlier one, however many scripts it takes and whoever is gone meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.control.operations import Operator
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.damage import wrong_with_plan
from orchestrator.ledger.operations import Operation, Order, Reply, Taken
from tests.support.ledger_world import LedgerWorld

CANCELLED = Narrowing(cancelled=True)


def again() -> Order:
    return Order("ada", from_scratch=True)


def fleet(world: LedgerWorld, waves: tuple[Wave, ...], wave_of: list[int], **rules: str) -> None:
    tenants = [f"t{position}" for position in range(len(wave_of))]
    of_all = FleetRules(len(wave_of), None, rules.get("on_breach", "pause"), waves)
    world.plan("p", tenants, rules=of_all, wave_of=wave_of, max_concurrency=4)
    world.coordinate()


def give_up(world: LedgerWorld) -> None:
    world.ask("cancel", "p")
    for task_id in ids(world, "RUNNING"):
        world.begin(task_id)
    world.coordinate()
    assert world.status("p") == "CANCELLED"


def step(world: LedgerWorld, request: str = "r1", looked_at: int = 1) -> Reply:
    """One script of the one request."""
    order = Order("ada", request_id=request, from_scratch=True)
    how = (1, 0, "", looked_at, *CANCELLED.options)
    return world.operations.send("retry_some_chunk", Operation.RETRY, f"plan p {CANCELLED}", "p", order, *how)


def ids(world: LedgerWorld, status: str) -> list[str]:
    total = int(world.reader.plan_record("p")["total"])
    return [task_id for task_id in (f"p.{at}" for at in range(total)) if world.status(task_id) == status]


def told(world: LedgerWorld, *kinds: str) -> list[str]:
    return [event.type for event in world.events() if event.type in kinds]


@pytest.mark.parametrize("is_gone", [False, True], ids=["the caller goes on", "the caller is gone"])
def test_the_canary_is_the_last_that_is_looked_at_and_the_first_that_moves(world: LedgerWorld, is_gone: bool) -> None:
    fleet(world, (Wave("canary", 1, gate="manual"), Wave("rest", 4)), [1, 1, 1, 1, 0])
    give_up(world)
    assert step(world).answer is Taken.MORE
    # Between two scripts a coordinator has its turn; it may do all that is left.
    assert world.admit("p").tasks == []
    assert told(world, "PlanWaveCompleted") == []
    if not is_gone:
        while step(world).answer is Taken.MORE:
            assert world.admit("p").tasks == []
    world.coordinate()
    assert ids(world, "RUNNING") == ["p.4"]
    world.finish("p.4")
    world.coordinate()
    assert told(world, "PlanGateWaiting", "PlanWaveCompleted") == ["PlanGateWaiting"]
    assert len(ids(world, "PENDING")) == 4
    # It is answered as if it had done all of it itself.
    assert step(world).what.count('"done":5') == 1
    world.check()


def test_a_later_wave_is_not_passed_by_between_two_scripts(world: LedgerWorld) -> None:
    fleet(world, (Wave("vip", 1, gate="manual"), Wave("rest", 3)), [1, 1, 1, 0])
    give_up(world)
    assert step(world, looked_at=3).answer is Taken.MORE
    world.ledger.admit("p", 50)
    assert told(world, "PlanGateWaiting", "PlanWaveCompleted") == []
    world.check()


def test_a_wave_that_was_passed_by_waits_once_one_of_it_moves(world: LedgerWorld) -> None:
    fleet(world, (Wave("canary", 2, gate="manual", soak_seconds=0.001), Wave("rest", 4)), [0, 0, 1, 1, 1, 1])
    give_up(world)
    world.ask("retry", "p.5", Order("ada", from_scratch=True))
    world.coordinate()
    world.finish("p.5")
    assert told(world, "PlanWaveCompleted") == ["PlanWaveCompleted"] * 2
    NarrowedRetry(world.operations, world.reader, 2).of_plan("p", CANCELLED, again())
    world.coordinate()
    assert ids(world, "RUNNING") == ["p.0", "p.1"]
    for task_id in ("p.0", "p.1"):
        world.finish(task_id)
    world.coordinate()
    assert told(world, "PlanWaveSoaking") == ["PlanWaveSoaking"]
    assert ids(world, "RUNNING") == []
    for look in world.looks("p"):
        world.awaited.record_look(look.task_id, look.number, None)
    assert told(world, "PlanGateWaiting") == ["PlanGateWaiting"]
    world.operations.answer_gate("p", "", Order("ada"), approves=True)
    world.coordinate()
    assert len(ids(world, "RUNNING")) == 3
    for task_id in ids(world, "RUNNING"):
        world.finish(task_id)
    assert world.status("p") == "COMPLETED"
    world.check()


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (1, "approved: the next wave begins once wave canary is done with again"),
        (0, "approved: that was its last wave; wave canary is under way again"),
    ],
)
def test_no_wave_is_said_to_begin_before_one_that_is_moved_again(world: LedgerWorld, behind: int, said: str) -> None:
    waves = (Wave("canary", 1), Wave("mid", 1, gate="manual"), Wave("rest", 1))[: 2 + behind]
    fleet(world, waves, list(range(len(waves))))
    world.break_stage("p.0")
    world.coordinate()
    world.finish("p.1")
    world.ask("retry", "p.0", Order("ada", "mended"))
    operator = Operator(world.ledger, world.reader)
    assert operator.answer_gate("p", "", Order("ada", "fine"), approves=True).message == said
    world.check()


def test_what_a_breaker_took_back_as_a_whole_is_answered_before_the_rest_moves(world: LedgerWorld) -> None:
    waves = (Wave("canary", 1, tolerance=Tolerance(0, strict=True)), Wave("rest", 3))
    fleet(world, waves, [0, 1, 1, 1], on_breach="rollback_plan")
    world.break_stage("p.0")
    world.coordinate()
    world.finish("p.0")
    assert world.status("p") == "ROLLED_BACK"
    NarrowedRetry(world.operations, world.reader).of_plan("p", CANCELLED, again())
    world.coordinate()
    assert ids(world, "RUNNING") == []
    said = Explainer(world.ledger, world.reader, world.settings).plan("p")
    assert "changeover resume --plan p --accept-failures" in [one for remark in said.remarks for one in remark.commands]
    world.check()
    assert world.ask("resume", "p", Order("ada", accept_failures=True)).answer is Taken.ACCEPTED
    world.coordinate()
    assert len(ids(world, "RUNNING")) == 3
    world.check()


@pytest.mark.parametrize("word", ["rollback", "retry"])
def test_a_plan_that_was_given_up_waits_for_no_gate_that_lets_nobody_on(world: LedgerWorld, word: str) -> None:
    canary = Wave("canary", 2, gate="manual", soak_seconds=600, soak_interval_seconds=30)
    fleet(world, (canary, Wave("rest", 2)), [0, 0, 1, 1])
    world.finish("p.0")
    if word == "retry":
        world.break_stage("p.1")
    else:
        world.finish("p.1")
    world.coordinate()
    give_up(world)
    assert world.ask(word, "p.1").answer is Taken.ACCEPTED
    world.coordinate()
    world.finish("p.1")
    world.coordinate()
    assert world.status("p") == "CANCELLED"
    world.check()
    # Once others are to move as well, it waits as ever.
    NarrowedRetry(world.operations, world.reader).of_plan("p", CANCELLED, again())
    world.coordinate()
    assert ids(world, "RUNNING") == []
    assert told(world, "PlanWaveSoaking")[-1:] == ["PlanWaveSoaking"]
    world.check()


def test_one_retry_of_a_plan_goes_on_at_a_time_and_ends_with_its_plan(world: LedgerWorld) -> None:
    """Who was given up alone stays so."""
    world.plan("p", "abcd", max_concurrency=4)
    for task_id in ("p.2", "p.3"):
        world.ask("cancel", task_id)
    give_up(world)
    assert step(world, looked_at=2).answer is Taken.MORE
    record = world.reader.plan_record("p")
    assert '"operation":"retry","actor":"ada"' in record["lastOperation"]
    again = step(world, "r2")
    assert (again.answer, again.why) == (Taken.NOOP, "retrying")
    other = NarrowedRetry(world.operations, world.reader).of_plan("p", Narrowing(cause="*"), Order("bob"))
    assert other.message.startswith("a retry of it with other options is under way")
    assert world.ask("retry", "p").why == "retrying-otherwise"
    said = Explainer(world.ledger, world.reader, world.settings).plan("p")
    retrying = [remark.sentence for remark in said.remarks if remark.situation == Situation.PLAN_RETRYING]
    assert retrying == [
        "the retry by ada is under way: 2 of 4 tasks looked at, 2 put back, 0 refused; a coordinator goes on"
    ]
    # Those of the first script have ended before the last one: with it the plan does.
    world.admit("p")
    for task_id in ids(world, "RUNNING"):
        world.finish(task_id)
    assert world.status("p") == "RUNNING"
    assert step(world).answer is Taken.ACCEPTED
    assert world.status("p") == "CANCELLED"
    world.check()
    counts = Counter(world.status(f"p.{at}") for at in range(4))
    assert counts == {"COMPLETED": 2, "CANCELLED": 2}


def test_a_retry_of_which_nobody_knows_what_was_asked_is_told_as_damage(world: LedgerWorld) -> None:
    world.started("p", "ab")
    world.client.hset(world.keys.of("plan", "p"), "retryCursor", "0")
    wrong = wrong_with_plan(world.client, world.keys, "p")
    assert wrong == "its retryAsked is missing, though a retry of it is under way"
    said = Explainer(world.ledger, world.reader, world.settings).plan("p")
    assert not [remark for remark in said.remarks if remark.situation == Situation.PLAN_RETRYING]
