"""Clocks that are wrong or stepped under a whole deployment: Redis' own, and those of its workers."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from tests.support.clock_shim import SteppedClock
from tests.support.fault_world import FaultWorld, write_stage
from tests.support.instances import Handler, Instances
from tests.support.long import long, mostly_long
from tests.support.plans import plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

INTERVAL, NEEDED, TENANTS = 1.0, 4, 3
POLL = {
    **{"type": "poll", "url": "{{ tenant.variables.url }}", "until": "ready"},
    **{"interval_seconds": INTERVAL, "max_attempts": NEEDED + 3},
}


class Polled:
    """Instances that are ready at their fourth poll; ``at``: when each was asked, by our monotonic clock."""

    def __init__(self) -> None:
        self.at: dict[str, list[float]] = defaultdict(list)
        paths = [f"/t{i}" for i in range(TENANTS)]
        self.server = Instances(dict.fromkeys(paths, self._answer))
        self.asked = threading.Semaphore(0)

    def _answer(self, handler: Handler) -> None:
        self.at[handler.path].append(time.monotonic())
        self.asked.release()
        handler.reply(200, b'{"ready": true}' if len(self.at[handler.path]) >= NEEDED else b'{"ready": false}')


@pytest.fixture
def polled() -> Iterator[Polled]:
    polled = Polled()
    with polled.server:
        yield polled


@pytest.fixture
def redis_clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock(tmp_path, "redis")


@pytest.fixture
def world(tmp_path: Path, redis_clock: SteppedClock) -> Iterator[FaultWorld]:
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", databases=2, environment=redis_clock.environment)
    server.start()
    world = FaultWorld(tmp_path, server, CHANGEOVER_LEASE_SECONDS="60", CHANGEOVER_RENEW_SECONDS="1")
    try:
        yield world
    except BaseException:
        print(world.cluster.logs())
        raise
    finally:
        world.close()


def submit(world: FaultWorld, polled: Polled) -> None:
    tenants = [tenant(f"t{i}", variables={"url": polled.server.url(f"/t{i}")}) for i in range(TENANTS)]
    world.client.submit(plan("p", tenants, [{"name": "wait", "timeout_seconds": 60, "steps": [POLL]}]))


def assert_polled_in_time(world: FaultWorld, polled: Polled) -> None:
    assert world.wait().status == "COMPLETED"
    gaps = [later - earlier for asked in polled.at.values() for earlier, later in pairwise(asked)]
    assert len(gaps) == TENANTS * (NEEDED - 1)
    # Never early, and not as late as the sweep would have come: one lease, of a minute, so that a busy machine is told
    # from a late poll.
    assert min(gaps) >= INTERVAL - 0.1
    assert max(gaps) < 50
    assert world.recoveries() == []
    moments = [event.occurred_at for event in world.events("p")]
    assert moments == sorted(moments)


@long
def test_the_clocks_of_workers_decide_nothing(world: FaultWorld, polled: Polled, tmp_path: Path) -> None:
    fast, slow = SteppedClock(tmp_path, "fast"), SteppedClock(tmp_path, "slow")
    fast.set(60.0)
    slow.set(-60.0)
    processes = [world.cluster.start_worker(settings=clock.environment, concurrency=2) for clock in (fast, slow)]
    world.cluster.wait_alive([world.cluster.start_coordinator(), *processes])
    submit(world, polled)
    assert polled.asked.acquire(timeout=30)
    # While a poll waits, too.
    fast.step(-3600.0)
    slow.step(3600.0)
    assert_polled_in_time(world, polled)


@pytest.mark.parametrize("seconds", mostly_long([-3600.0, 600.0, 3.0], -3600.0))
def test_redis_clock_steps_while_tasks_poll(
    world: FaultWorld, polled: Polled, redis_clock: SteppedClock, seconds: float
) -> None:
    world.cluster.start()
    submit(world, polled)
    for _ in range(2):
        assert polled.asked.acquire(timeout=30)
        redis_clock.step(seconds)
    assert_polled_in_time(world, polled)


def test_redis_clock_steps_while_a_stage_runs_and_nobody_coordinates(
    world: FaultWorld, redis_clock: SteppedClock
) -> None:
    world.cluster.start(workers=2)
    coordinator = world.cluster.processes[0]
    world.instances.hold.clear()
    world.submit(2, [{**write_stage("one"), "timeout_seconds": 120}, write_stage("two")])
    world.wait_effects(2)
    world.cluster.kill(coordinator)
    redis_clock.step(600.0)
    leases = world.keys.of("leases_running")

    def renewed_since(before: float) -> bool:
        scores = [world.redis.zscore(leases, f"p.{i}") for i in range(2)]
        return all(isinstance(score, float) and score > before for score in scores)

    known = world.redis.zscore(leases, "p.0")
    assert isinstance(known, float)
    wait_until(lambda: renewed_since(known))
    redis_clock.step(-1200.0)
    world.cluster.wait_alive([world.cluster.start_coordinator()])
    world.instances.hold.set()
    assert world.wait().status == "COMPLETED"
    assert world.recoveries() == []
    world.assert_holds([0, 1])


def test_a_lost_worker_is_found_although_the_clock_went_back(world: FaultWorld, redis_clock: SteppedClock) -> None:
    world.cluster.start(workers=2)
    world.instances.hold.clear()
    world.submit(1, [write_stage("one")])
    world.wait_effects(1)
    runner = world.dump().tasks["p.0"]["worker"].partition("/")[0].rpartition(":")[2]
    redis_clock.step(-3600.0)
    (victim,) = [process for process in world.cluster.processes if str(process.pid) == runner]
    world.cluster.kill(victim)
    # As if the lease had run out by now.
    wait_until(lambda: _expire(world))
    world.instances.hold.set()
    assert world.wait().status == "COMPLETED"
    assert len(world.recoveries()) == 1


def _expire(world: FaultWorld) -> bool:
    try:
        return bool(world.redis.zadd(world.keys.of("leases_running"), {"p.0": 1}, xx=True, ch=True))
    except RedisError:
        return False
