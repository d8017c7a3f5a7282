"""A narrowed retry is many scripts: who gives its plan up between two of them stops the rest, whoever gave it up before
does not. Times do not tell the two apart: all of it may be one millisecond."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from redis.exceptions import ResponseError

from orchestrator.control.explain.plan_retry import plan_retry
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, Tally
from tests.support.ledger_world import LedgerWorld

CANCELLED = Narrowing(cancelled=True)


@pytest.fixture
def held(world: LedgerWorld) -> LedgerWorld:
    """For an hour all that is told was at one millisecond."""
    world.client.hset(world.keys.of("clock"), "wall", world.client.time()[0] * 1000 + 3_600_000)
    return world


def step(world: LedgerWorld, narrowing: Narrowing) -> Reply:
    """The next script of the one request, which looks at one task."""
    order = Order("ada", request_id="r1", from_scratch=True)
    how = (1, 0, "", 1, *narrowing.options)
    return world.operations.send("retry_some_chunk", Operation.RETRY, f"plan p {narrowing}", "p", order, *how)


def rest(world: LedgerWorld, narrowing: Narrowing) -> Reply:
    while (reply := step(world, narrowing)).answer is Taken.MORE:
        pass
    return reply


def give_up(world: LedgerWorld) -> None:
    assert world.ask("cancel", "p").answer is Taken.ACCEPTED
    world.coordinate()
    assert world.status("p") == "CANCELLED"


def test_what_was_cancelled_in_the_same_millisecond_is_moved_again_whole(held: LedgerWorld) -> None:
    held.plan("p", "abc", max_concurrency=1)
    give_up(held)
    assert Tally.of(rest(held, CANCELLED)).done == 3
    held.check()


def cancelled_and_opened_again(world: LedgerWorld) -> None:
    """The plan's last operation is another then, and it runs."""
    give_up(world)
    for word, target in (("retry", "p.0"), ("pause", "p"), ("resume", "p")):
        assert world.ask(word, target, Order("eve", from_scratch=True)).answer is Taken.ACCEPTED
    assert world.status("p") == "RUNNING"


def went_back(world: LedgerWorld) -> None:
    assert world.ask("rollback", "p").answer is Taken.ACCEPTED
    world.coordinate()
    assert world.status("p") == "ROLLED_BACK"


@pytest.mark.parametrize(
    ("between", "why"),
    [
        (give_up, "cancelled-since"),
        (cancelled_and_opened_again, "cancelled-since"),
        (went_back, "taken-back-since"),
    ],
)
def test_who_gives_the_plan_up_meanwhile_stops_the_rest(
    held: LedgerWorld, between: Callable[[LedgerWorld], None], why: str
) -> None:
    held.started("p", "abc", max_concurrency=3)
    for tenant in "abc":
        held.operations.release_tenant(tenant, Order("ada", force=True))
    narrowing = Narrowing(cause="*")
    assert step(held, narrowing).answer is Taken.MORE
    between(held)
    told = Tally.of(rest(held, narrowing))
    assert [(one.why, one.number) for one in told.refusals] == [(why, told.refused)]
    assert told.done == 1
    held.check()


@pytest.fixture
def failed(world: LedgerWorld) -> LedgerWorld:
    """Three have failed; the first script of a narrowed retry has taken one back, which fails again."""
    world.started("p", "abc", max_concurrency=3)
    for tenant in "abc":
        world.operations.release_tenant(tenant, Order("ada", force=True))
    assert step(world, Narrowing(cause="*")).answer is Taken.MORE
    world.admit("p")
    world.break_stage("p.0")
    return world


def a_day_later(world: LedgerWorld) -> None:
    """In which nobody has gone on with it: what is kept by the request's id has gone."""
    key = world.keys.of("request", "r1")
    assert 0 < world.client.pttl(key) <= 86_400_000
    world.client.pexpire(key, 0)
    assert not world.client.exists(key)


@pytest.mark.parametrize("who", ["a coordinator", "who asked"])
def test_after_a_day_in_which_nobody_went_on_it_goes_on_where_it_was(failed: LedgerWorld, who: str) -> None:
    a_day_later(failed)
    if who == "a coordinator":
        while failed.operations.retry_chunk("p", 100):
            pass
    told = Tally.of(rest(failed, Narrowing(cause="*")))
    assert (told.done, told.refused) == (3, 0)
    # What was retried before is looked at no more, whatever has become of it since.
    assert [failed.task(task)["retries"] for task in ("p.0", "p.1", "p.2")] == ["1", "1", "1"]
    assert failed.status("p.0") == "FAILED"
    failed.check()


def test_after_a_day_what_has_failed_since_it_was_asked_for_is_left_alone(failed: LedgerWorld) -> None:
    key = failed.keys.of("task", "p.1")
    failed.client.hset(key, "endedAt", int(failed.task("p.1")["endedAt"]) + 3_600_000)
    a_day_later(failed)
    assert Tally.of(rest(failed, Narrowing(cause="*"))).done == 2
    assert "retries" not in failed.task("p.1")


def test_after_a_day_who_was_refused_is_still_told(failed: LedgerWorld) -> None:
    failed.use_up_retries("p.1")
    assert step(failed, Narrowing(cause="*")).answer is Taken.MORE
    a_day_later(failed)
    told = Tally.of(rest(failed, Narrowing(cause="*")))
    assert (told.done, told.refused, [one.number for one in told.refusals]) == (2, 1, [1])
    assert told.refusals[0].task_id == "p.1"


def test_who_was_refused_before_the_first_that_is_retried_is_told_too(held: LedgerWorld) -> None:
    held.started("p", "abcd", max_concurrency=4)
    for tenant in "abcd":
        held.operations.release_tenant(tenant, Order("ada", force=True))
    for task in ("p.0", "p.1"):
        held.use_up_retries(task)
    for _ in range(3):
        assert step(held, Narrowing(cause="*")).answer is Taken.MORE
    record = held.reader.plan_record("p")
    assert [record[name] for name in ("retryRetried", "retryRefused")] == ["1", "2"]
    assert "put 1 back and was refused 2: p.0" in [remark.sentence for remark in plan_retry("p", record)][-1]
    a_day_later(held)
    told = Tally.of(rest(held, Narrowing(cause="*")))
    assert (told.done, told.refused, told.refusals[0].task_id) == (2, 2, "p.0")
    held.check()


@pytest.mark.parametrize(
    ("field", "damaged"),
    [
        ("retryCursor", "x"),
        ("retryCursor", "999"),
        ("retryCursor", "-3"),
        ("retryCursor", "1.5"),
        ("retryCursor", "nan"),
        ("retryRetried", "x"),
        ("retryRetried", "nan"),
        ("retryRefused", "x"),
        ("retryRefusals", "[5]"),
        ("since", "x"),
        ("since", 1e308),
    ],
)
def test_nothing_is_retried_twice_where_a_hand_has_damaged_how_far_it_was(
    failed: LedgerWorld, field: str, damaged: str | float
) -> None:
    a_day_later(failed)
    if field == "since":
        asked = json.loads(failed.reader.plan_record("p")["retryAsked"]) | {"since": damaged}
        field, damaged = "retryAsked", json.dumps(asked)
    failed.client.hset(failed.keys.of("plan", "p"), field, damaged)
    told = Tally.of(rest(failed, Narrowing(cause="*")))
    assert not told.refusals
    assert failed.task("p.0")["retries"] == "1"
    assert "retryCursor" not in failed.reader.plan_record("p")


@pytest.mark.parametrize("field", ["retryRetried", "retryRefused"])
def test_a_damaged_count_stops_neither_the_retry_nor_what_is_told_of_it(failed: LedgerWorld, field: str) -> None:
    failed.client.hset(failed.keys.of("plan", "p"), field, "1.5")
    failed.use_up_retries("p.1")
    record = failed.reader.plan_record("p")
    assert "0 put back" in "".join(remark.sentence for remark in plan_retry("p", record)) or field == "retryRefused"
    assert rest(failed, Narrowing(cause="*")).answer is Taken.ACCEPTED
    failed.check()


def test_a_lost_total_is_told_and_the_request_goes_on_once_it_is_mended(failed: LedgerWorld) -> None:
    plan = failed.keys.of("plan", "p")
    total = failed.reader.plan_record("p")["total"]
    failed.client.hdel(plan, "total")
    before = failed.dump()
    with pytest.raises(ResponseError, match=r"the key [^ ]+:plan:p is damaged"):
        step(failed, Narrowing(cause="*"))
    assert failed.dump() == before
    failed.client.hset(plan, "total", total)
    assert rest(failed, Narrowing(cause="*")).answer is Taken.ACCEPTED


@pytest.mark.parametrize("total", ["", "x", "1.5"])
def test_a_lost_total_is_told_to_the_coordinator_too(hurt: LedgerWorld, total: str) -> None:
    for task_id in hurt.started("p", ["a", "b"], max_concurrency=2):
        hurt.break_stage(task_id)
    operations = Operations(hurt.ledger, retried_at_once=0)
    hurt.operations = operations
    hurt.ask("retry", "p")
    hurt.client.hset(hurt.keys.of("plan", "p"), "total", total)
    before = hurt.state()
    with pytest.raises(ResponseError, match=r"the key [^ ]+:plan:p is damaged"):
        operations.retry_chunk("p", 1)
    assert hurt.state() == before
