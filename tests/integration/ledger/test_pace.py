"""When plans start their moves: not before their time, so many a minute, the higher priority first."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.domain.events import StartEvent
from orchestrator.fleet.rules import FleetRules
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.operations import Order
from tests.support.explained import explained
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.since import Since


def rules(world: LedgerWorld, begins: float | None = None, ends: float | None = None, **more: object) -> FleetRules:
    """Seconds from now on."""
    now = world.reader.now()
    before = None if begins is None else now + timedelta(seconds=begins)
    after = None if ends is None else now + timedelta(seconds=ends)
    return FleetRules(0, pace=StartRules(not_before=before, not_after=after, **more))  # type: ignore[arg-type]


def seen(world: LedgerWorld) -> set[str]:
    """The invariants that the history checker finds broken."""
    return {violation.invariant for violation in judged(world.client, world.keys).violations}


def a_minute_passes(world: LedgerWorld) -> None:
    """For people, by hand: what is told from now on is told of then."""
    told_ms = world.freezes.reads.told_now_ms()
    world.client.hset(world.keys.of("clock"), "wall", told_ms + 60_000)


def the_ledger_goes_on(world: LedgerWorld, milliseconds: int) -> None:
    """By hand, as if processes had spoken to it all the while."""
    for name in ("at", "offset"):
        world.client.hincrby(world.keys.of("clock"), name, milliseconds)


def turns(world: LedgerWorld) -> list[str]:
    return world.ledger.take_turns(10)


def test_a_plan_waits_for_its_time_without_a_turn_and_starts_then(hurt: LedgerWorld) -> None:
    hurt.plan("p", ["a"], rules=rules(hurt, begins=3600, ends=7200))
    assert hurt.serve("p") == []
    assert hurt.status("p") == "READY"
    assert turns(hurt) == []
    hurt.check()
    # An hour later, by hand: the log tells that it came too soon.
    hurt.client.hset(hurt.keys.of("plan", "p"), "notBefore", 1)
    hurt.client.zadd(hurt.keys.of("due"), {"p": 1})
    assert turns(hurt) == ["p"]
    assert hurt.serve("p") == ["p.0"]
    assert hurt.status("p") == "RUNNING"
    # Nothing is left to expire.
    assert "notAfter" not in hurt.reader.plan_record("p")
    assert not hurt.client.exists(hurt.keys.of("due"))
    hurt.finish("p.0")
    assert seen(hurt) == {"I15"}


def test_a_plan_that_could_not_start_in_time_is_given_up_by_the_system(world: LedgerWorld) -> None:
    world.started("q", ["a"])
    world.plan("p", ["a", "b"], rules=rules(world, ends=60.0), max_concurrency=1)
    assert world.serve("p") == []
    world.wakes()
    assert turns(world) == []
    a_minute_passes(world)
    assert turns(world) == ["p"]
    world.serve("p")
    assert world.status("p") == "CANCELLED"
    asked = next(event for event in world.events() if event.type == "OperationRequested")
    said = (asked.operation, asked.target_id, asked.actor, asked.reason)
    assert said == ("cancel", "p", "system", "it could not start before its not_after")
    assert world.line("a") == []
    # Its time is over for good: who wants it all the same submits it anew.
    before = world.state()
    reply = world.ask("retry", "p.1", Order("ada", "after all", from_scratch=True))
    assert (reply.answer, reply.why, world.state()) == ("REFUSED", "expired", before)
    assert not world.client.exists(world.keys.of("due"))
    world.check()
    way_on = "to move its tenants, submit its file under another plan_id, with another not_after or none"
    assert way_on in explained(world, world.settings)


def test_one_that_is_cancelled_and_retried_is_given_up_too_when_its_time_is_over(world: LedgerWorld) -> None:
    world.plan("p", ["a"], rules=rules(world, ends=60.0))
    world.ask("pause", "p")
    world.ask("cancel", "p")
    world.serve("p")
    world.freeze("a")
    assert world.ask("retry", "p.0", Order("ada", "", from_scratch=True)).answer == "ACCEPTED"
    assert world.serve("p") == []
    world.wakes()
    assert turns(world) == []
    a_minute_passes(world)
    assert turns(world) == ["p"]
    assert (world.serve("p"), world.status("p")) == ([], "CANCELLED")
    assert world.ask("retry", "p.0", Order("ada", "", from_scratch=True)).why == "expired"


def test_one_that_has_started_in_time_goes_on(world: LedgerWorld) -> None:
    world.plan("p", ["a", "b"], rules=rules(world, ends=3600), max_concurrency=1)
    assert world.serve("p") == ["p.0"]
    assert "notAfter" not in world.reader.plan_record("p")
    assert not world.client.exists(world.keys.of("due"))
    world.finish("p.0")
    assert world.serve("p") == ["p.1"]
    world.check()


def test_a_rate_is_kept_by_coordinators_and_by_workers_that_go_on(hurt: LedgerWorld) -> None:
    """One a minute: the second has to wait, and the plan has a time at which it is looked at again."""
    hurt.plan("p", ["a", "b", "c"], rules=rules(hurt, starts_per_minute=1), max_concurrency=3)
    since = Since(hurt.freezes.reads.told_now_ms)
    assert hurt.serve("p") == ["p.0"]
    assert hurt.serve("p") == []
    hurt.check()
    hurt.begin("p.0")
    for _ in range(2):
        hurt.advance("p.0")
    assert hurt.advance("p.0").task is None
    hurt.serve("p")
    assert since.waits(hurt.client.zscore(hurt.keys.of("due"), "p"), 60_000)
    # A minute later, by hand: the log tells that the second start came too soon.
    hurt.client.hincrbyfloat(hurt.keys.of("plan", "p"), "rateAt", -60_000)
    assert hurt.serve("p") == ["p.1"]
    assert hurt.serve("p") == []
    assert seen(hurt) == {"I2"}


def test_a_rate_is_judged_by_the_ledgers_clock_while_what_is_told_stands_still(hurt: LedgerWorld) -> None:
    """Redis' clock ran a minute ahead, and was put back: nothing else is told than the two starts."""
    a_minute_passes(hurt)
    hurt.plan("p", ["a", "b", "c"], rules=rules(hurt, starts_per_minute=1), max_concurrency=3)
    assert hurt.serve("p") == ["p.0"]
    hurt.finish("p.0")
    the_ledger_goes_on(hurt, 60_000)
    assert hurt.serve("p") == ["p.1"]
    assert seen(hurt) == set()
    the_ledger_goes_on(hurt, 30_000)
    hurt.client.hincrbyfloat(hurt.keys.of("plan", "p"), "rateAt", -30_000)
    assert hurt.serve("p") == ["p.2"]
    first, *others = (event for event in hurt.events() if event.type == "TaskStarted")
    assert {event.occurred_at for event in others} == {first.occurred_at}
    assert seen(hurt) == {"I2"}


def test_each_kind_of_start_tells_the_ledgers_clock(world: LedgerWorld) -> None:
    def told(kind: str) -> int | None:
        (event,) = (event for event in world.events() if event.type == kind)
        assert isinstance(event, StartEvent)
        return event.ledger_clock_millis

    def admitted() -> int:
        return int(world.task("p.0")["admittedAt"])

    world.plan("p", ["a"], rules=rules(world, starts_per_minute=6000))
    world.serve("p")
    assert told("TaskStarted") == admitted()
    world.begin("p.0")
    world.ask("pause", "p.0")
    world.advance("p.0")
    the_ledger_goes_on(world, 1_000)
    world.ask("resume", "p.0")
    world.serve("p")
    assert told("TaskResumed") == admitted()
    world.begin("p.0")
    world.fail("p.0")
    the_ledger_goes_on(world, 1_000)
    world.ask("retry", "p.0", Order("ada", ""))
    world.serve("p")
    assert told("TaskRetryStarted") == admitted()
    world.check()


def test_what_a_second_allows_may_come_at_once_and_no_more_is_saved_up(world: LedgerWorld) -> None:
    names = [f"t{n}" for n in range(20)]
    world.plan("p", names, rules=rules(world, starts_per_minute=300), max_concurrency=20)
    assert 5 <= len(world.serve("p")) <= 7
    the_ledger_goes_on(world, 10_000)
    assert 5 <= len(world.serve("p")) <= 7
    world.check()


def test_rollbacks_wait_for_no_time_and_no_rate(world: LedgerWorld) -> None:
    world.plan("p", ["a", "b"], rules=rules(world, starts_per_minute=1))
    world.serve("p")
    world.finish("p.0")
    world.ask("rollback", "p.0")
    assert world.serve("p") == ["p.0"]
    world.check()


def test_the_higher_priority_has_its_turn_first_and_none_waits_for_ever(world: LedgerWorld) -> None:
    for number in range(6):
        world.plan(f"p{number}", [f"t{number}"], rules=rules(world, priority=10 * number))
    first = world.ledger.take_turns(2)
    assert first == ["p5", "p4"]
    world.client.zadd(world.keys.of("ready"), {"p0": 1})
    assert world.ledger.take_turns(1) == ["p0"]


def test_the_higher_priority_stands_first_in_a_tenants_line(world: LedgerWorld) -> None:
    world.started("holds", ["a"])
    for plan_id, priority in (("low", -5), ("usual", 0), ("high", 5)):
        world.plan(plan_id, ["a"], rules=rules(world, priority=priority))
        world.serve(plan_id)
    assert world.line("a") == ["high.0", "usual.0", "low.0"]
    world.check()
    world.finish("holds.0")
    assert world.serve("low") == []
    assert world.serve("high") == ["high.0"]
    world.check()


def test_a_plans_own_group_limit_is_in_the_log(world: LedgerWorld) -> None:
    traits = {name: {"groups": ["db"]} for name in ("a", "b")}
    world.plan("p", ["a", "b"], rules=rules(world, group_limits={"db": 1}), traits=traits)
    assert world.serve("p") == ["p.0"]
    created = next(event for event in world.events() if event.type == "PlanCreated")
    assert created.group_limits == {"db": 1}
    world.check()
