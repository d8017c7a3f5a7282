"""What a wave waits for: whom a soak looks at again, what two looks in a row are, when it is over, and when a question
that nobody answers is put again."""

from __future__ import annotations

import pytest

from orchestrator.domain.waves import WaveState
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.awaited import GateQuestion
from orchestrator.ledger.outcomes import Looked
from tests.support.ledger_world import LedgerWorld
from tests.support.ledger_world.rows import FAILURE
from tests.support.pair import Pair
from workers.looks import ANSWER_SECONDS

HOUR_MS = 3_600_000


def soaking(pair: Pair, *tenants: str, fails: str = "") -> None:
    """A plan of one wave, all of whose tenants are done, one of which may have failed."""
    waves = (Wave("all", len(tenants), soak_seconds=0.001, soak_interval_seconds=HOUR_MS / 1000),)
    pair.submit("p", list(tenants), rules=FleetRules(len(tenants), None, "pause", waves), wave_of=[0] * len(tenants))
    pair.serve("p")
    for position, tenant in enumerate(tenants):
        (pair.break_stage if tenant == fails else pair.finish)(f"p.{position}")


def state(world: LedgerWorld) -> str:
    return world.reader.plan_record("p")["wave:0:state"]


def test_a_soak_that_asks_for_nobody_s_health_is_looked_at_at_its_end_alone(world: LedgerWorld) -> None:
    """Not once an interval, and no message goes to a worker."""
    for plan_id, seconds in (("hour", 3600.0), ("moment", 0.001)):
        waves = (Wave("all", 1, soak_seconds=seconds, soak_interval_seconds=1), Wave("rest", 1))
        rules = FleetRules(2, None, "pause", waves).only_waiting()
        world.plan(plan_id, [f"{plan_id}-a", f"{plan_id}-b"], rules=rules, wave_of=[0, 1])
        world.serve(plan_id)
        world.finish(f"{plan_id}.0")
    ends = world.reader.plan_record("hour")["soakEnds"]
    assert world.client.zscore(world.keys.of("awaited"), "hour") == float(ends)
    assert world.looks("moment") == []
    record = world.reader.plan_record("moment")
    assert (record["wave:0:state"], record["wave:1:state"]) == (WaveState.PASSED, WaveState.OPEN)


def test_an_absence_in_an_earlier_soak_is_none_of_two_looks_in_a_row(world: LedgerWorld) -> None:
    pair = Pair(world)
    soaking(pair, "a", "b", fails="b")
    assert pair.look("p", frozenset({"a"})) == ["SEEN"]
    # The wave is under way again, and soaks anew after it.
    pair.ask("retry", "p.1")
    pair.serve("p")
    pair.finish("p.1")
    assert pair.look("p", frozenset({"a"})) == ["SEEN", "SEEN"]
    assert pair.look("p", frozenset()) == ["SEEN", "SEEN"]
    assert world.status("p") == "COMPLETED"


def test_an_absence_that_is_seen_twice_within_an_interval_is_no_two_looks_in_a_row(world: LedgerWorld) -> None:
    """Also when the interval is longer than the soak, which has its first look at its end."""
    pair = Pair(world)
    soaking(pair, "a")
    task, awaited = world.keys.of("task", "p.0"), world.keys.of("awaited")
    assert world.client.zscore(awaited, "p") == float(world.reader.plan_record("p")["soakEnds"])
    (look,) = world.looks("p")
    assert world.awaited.record_look("p.0", look.number, FAILURE) is Looked.SEEN
    since = int(world.client.hget(task, "absentSince") or 0)
    # The next round is an interval after that answer, whenever its look was handed out.
    assert world.client.zscore(awaited, "p") == since + HOUR_MS
    for is_early, seen in ((True, Looked.SEEN), (False, Looked.UNHEALTHY)):
        world.client.zadd(awaited, {"p": 0})
        (look,) = world.awaited.hand_out().looks
        world.client.hset(task, "absentSince", since - (0 if is_early else HOUR_MS))
        assert world.awaited.record_look("p.0", look.number, FAILURE) is seen
    assert world.status("p.0") == "FAILED"


def test_who_another_task_has_is_not_missed(world: LedgerWorld) -> None:
    pair = Pair(world)
    soaking(pair, "a")
    # It holds the tenant, and has not begun to move it.
    pair.submit("q", ["a"])
    pair.serve("q")
    assert world.holder("a") == "q.0"
    (look,) = world.looks("p")
    assert world.awaited.record_look("p.0", look.number, FAILURE) is Looked.SEEN
    assert (world.status("p.0"), state(world)) == ("COMPLETED", WaveState.PASSED)


def test_who_has_answered_is_not_asked_again_in_the_same_round(world: LedgerWorld) -> None:
    soaking(Pair(world), "a", "b")
    first, second = world.looks("p")
    assert world.awaited.record_look(first.task_id, first.number, None) is Looked.SEEN
    assert world.looks("p") == [second]


def test_a_soak_is_over_by_the_clock_on_the_wall_as_well(world: LedgerWorld) -> None:
    """Which has been put back while it lasted. It is looked at again when that says so, be the interval longer."""
    pair = Pair(world)
    soaking(pair, "a")
    key = world.keys.of("plan", "p")
    till = int(world.client.hget(key, "soakUntil") or 0)
    world.client.hset(key, "soakUntil", till + HOUR_MS // 2)
    for look in world.looks("p"):
        world.awaited.record_look(look.task_id, look.number, None)
    assert state(world) == WaveState.SOAKING
    now = int(world.client.hget(world.keys.of("clock"), "at") or 0)
    assert (world.client.zscore(world.keys.of("awaited"), "p") or 0) <= now + HOUR_MS // 2
    world.client.hset(key, "soakUntil", till)
    for look in world.looks("p"):
        world.awaited.record_look(look.task_id, look.number, None)
    assert state(world) == WaveState.PASSED


@pytest.mark.parametrize("interval_ms", [1, 5_000, HOUR_MS])
def test_a_question_that_nobody_answers_is_put_again_when_its_exchange_is_over_then_more_seldom(
    world: LedgerWorld, interval_ms: int
) -> None:
    gate = f'{{"url":"http://gate.example/","interval":{interval_ms},"timeout":{10 * HOUR_MS}}}'
    world.plan("p", ["a"], rules=FleetRules(1, None, "pause", (Wave("all", 1, gate=gate),)), wave_of=[0])
    world.serve("p")
    world.finish("p.0")

    def put() -> tuple[GateQuestion, int]:
        """The question, and after what time it is put again."""
        world.client.zadd(world.keys.of("awaited"), {"p": 0})
        question = world.awaited.hand_out().question
        assert question is not None
        due = world.client.zscore(world.keys.of("awaited"), "p") or 0
        return question, round(due - int(world.client.hget(world.keys.of("clock"), "at") or 0))

    longest = (15_000, 30_000, 60_000, 60_000)
    *_, (last, _) = asked = [put() for _ in longest]
    assert [again_ms for _, again_ms in asked] == [max(one, interval_ms) for one in longest]
    assert longest[0] > ANSWER_SECONDS * 1000
    world.awaited.not_yet(last, "it answered 202, not yet")
    assert put()[1] == max(longest[0], interval_ms)


def test_a_gate_that_began_to_wait_before_its_end_was_kept_keeps_the_end_that_was_told(world: LedgerWorld) -> None:
    """The coordinator was upgraded while the plan stood there."""
    gate = f'{{"url":"http://gate.example/","interval":10000,"timeout":{HOUR_MS}}}'
    world.plan("p", ["a"], rules=FleetRules(1, None, "pause", (Wave("all", 1, gate=gate),)), wave_of=[0])
    world.serve("p")
    world.finish("p.0")
    key = world.keys.of("plan", "p")
    world.client.hincrby(key, "gateUntil", -HOUR_MS // 2)
    before = {name: int(world.client.hget(key, name) or 0) for name in ("gateEnds", "gateUntil")}
    world.client.hdel(key, "gateEnds")
    question = world.awaited.hand_out().question
    assert question is not None
    told = world.reader.plan_record("p")
    assert int(told["gateEnds"]) == pytest.approx(before["gateEnds"] - HOUR_MS // 2, abs=2)
    assert int(told["gateUntil"]) == pytest.approx(before["gateUntil"], abs=2)
    world.client.hset(key, "gateUntil", 1)
    world.client.hdel(key, "gateEnds")
    assert world.awaited.not_yet(question, "it answered 202, not yet") == "OVERDUE"
