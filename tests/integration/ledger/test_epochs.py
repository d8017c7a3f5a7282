"""No epoch is given out twice (I8), whoever draws first after a restart or fail-over that lost the last writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
import redis

from orchestrator.ledger.operations import draw_request_id
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.settings.model import Settings
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.place import Place


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """Its writes are lost on purpose."""
    return LedgerWorld(redis_client, settings, user_client)


@pytest.fixture
def raw_client(place: Place) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(place.admin_url) as client:
        yield client


Draw = Callable[[LedgerWorld], object]


def releases(world: LedgerWorld) -> None:
    world.operations.release_tenant("a", replace(ME, force=True, request_id=draw_request_id()))


def sweeps(world: LedgerWorld) -> None:
    world.expire("leases_running", "p.0")
    world.client.hdel(world.keys.of("clock"), "sweepNotBefore")
    world.ledger.call("sweep_running", 10, 2, 10)


def turns_around(world: LedgerWorld) -> None:
    assert world.succeed("p.0") is Ended.ROLLING_BACK


def reconciles(world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("tenant", "a"), "holder", "q.0")
    world.ledger.call("reconcile", "p", 0, 10)


DRAWS: dict[str, tuple[bool, Draw]] = {
    "an admission": (False, lambda world: world.serve("p")),
    "the recovery of a lost worker": (True, sweeps),
    "a release by force": (True, releases),
    "a rollback at the boundary": (True, turns_around),
    "a repair": (True, reconciles),
}


@pytest.mark.parametrize(("runs", "draw"), DRAWS.values(), ids=DRAWS.keys())
def test_lost_writes_give_out_no_epoch_again(
    world: LedgerWorld, raw_client: redis.Redis, runs: bool, draw: Draw
) -> None:
    world.plan("p", ["a"])
    if runs:
        world.serve("p")
        assert world.begin("p.0") is Begun.BEGUN
        if draw is turns_around:
            world.ask("rollback", "p.0")
    # All that it has is of a server that is gone.
    world.client.hset(world.keys.of("clock"), "epochsOf", "0" * 40)
    kept = {key: raw_client.dump(key) for key in cast(list[bytes], raw_client.keys(f"{world.keys.root}*"))}
    drawn = [int(world.task("p.0").get("epoch", 0))]
    for _ in range(3):
        draw(world)
        drawn.append(int(world.task("p.0")["epoch"]))
        # The jump is lost with the draws.
        for key in cast(list[bytes], raw_client.keys(f"{world.keys.root}*")):
            raw_client.delete(key)
        for key, value in kept.items():
            raw_client.restore(key, 0, value or b"")
    assert sorted(set(drawn)) == drawn
    # Exact as Lua and JSON write numbers.
    assert drawn[-1] < 10**14


def test_the_very_first_draws_may_be_lost_too(world: LedgerWorld) -> None:
    world.plan("p", ["a"])
    known = world.client.hget(world.keys.of("clock"), "epochsOf")
    assert known == world.client.info("server")["run_id"]
    world.client.hset(world.keys.of("clock"), "epochsOf", "0" * 40)
    world.serve("p")
    assert int(world.task("p.0")["epoch"]) > 10**13


def test_a_server_that_stays_counts_on(world: LedgerWorld) -> None:
    for number, plan in enumerate(("p", "q"), start=1):
        world.started(plan, [plan])
        assert world.task(f"{plan}.0")["epoch"] == str(number)
