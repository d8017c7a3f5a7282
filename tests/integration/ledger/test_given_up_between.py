"""A narrowed retry is many scripts: who gives its plan up between two of them stops the rest, whoever gave it up before
does not. Times do not tell the two apart: all of it may be one millisecond."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.ledger.operations import Operation, Order, Reply, Taken, Tally
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
