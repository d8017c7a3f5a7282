"""SIGTERM: a worker finishes or hands back what it has at once; a rolling restart costs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fault_world import EFFECT, effect_stage, fault_world, write_stage
from tests.support.long import long
from tests.support.waiting import wait_until

# A turn that only the end of its lease brings back is seen in the coordinator's log.
LONG_LEASE = {"CHANGEOVER_LEASE_SECONDS": "30", "CHANGEOVER_RENEW_SECONDS": "3"}


@pytest.mark.parametrize(
    ("pool", "steps"),
    [("threads", 3), pytest.param("prefork", 3, marks=long), pytest.param("prefork", 1, marks=long)],
)
def test_a_turn_is_handed_back_at_its_next_step_or_stage(tmp_path: Path, pool: str, steps: int) -> None:
    with fault_world(tmp_path, **LONG_LEASE, CHANGEOVER_RUN_AHEAD_SECONDS="60") as world:
        world.instances.hold.clear()
        leaver = world.cluster.start_worker(pool=pool, concurrency=2)
        world.cluster.wait_alive([world.cluster.start_coordinator(), leaver])
        world.submit(2, [{"name": "one", "steps": [EFFECT] * steps}, effect_stage("two")])
        wait_until(lambda: len(world.instances.effects) == 2)
        leaver.terminate()
        world.cluster.wait_leaving(leaver)
        world.instances.hold.set()
        assert leaver.wait(30) == 0
        assert world.client.status("p").counts == {"RUNNING": 2}
        assert len(world.instances.effects) == 2
        # It left after the first step: the others are still to be done, and need no lease to run out.
        world.cluster.start_worker()

        assert world.wait().status == "COMPLETED"

        assert '"action": "republished"' not in world.cluster.logs()
        assert world.recoveries() == []
        world.assert_holds([0, 1])
        assert set(world.instances.counts().values()) == {1}


def test_countdowns_are_given_back_at_once(tmp_path: Path) -> None:
    with fault_world(tmp_path, **LONG_LEASE) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 4.0
        leaver = world.cluster.start_worker()
        world.cluster.wait_alive([world.cluster.start_coordinator(), leaver])
        world.submit(3, [effect_stage("one")])
        wait_until(lambda: world.redis.zcard(world.keys.of("leases_queued")) == 3 and len(world.instances.visits) == 3)
        leaver.terminate()
        assert leaver.wait(30) == 0
        world.cluster.start_worker()

        assert world.wait().status == "COMPLETED"

        assert '"action": "republished"' not in world.cluster.logs()
        assert world.recoveries() == []
        assert set(world.instances.counts().values()) == {1}


def test_a_rolling_restart_costs_no_failure_and_no_repeated_stage(tmp_path: Path) -> None:
    with fault_world(tmp_path, CHANGEOVER_LEASE_SECONDS="8", CHANGEOVER_RENEW_SECONDS="1") as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 0.5
        world.instances.slow_seconds = 0.1
        coordinators = [world.cluster.start_coordinator() for _ in range(2)]
        workers = [world.cluster.start_worker(), world.cluster.start_worker(pool="prefork", concurrency=2)]
        world.cluster.wait_alive([*coordinators, *workers])
        world.submit(60, [write_stage("one"), effect_stage("two"), effect_stage("three")], max_concurrency=20)
        wait_until(lambda: len(world.instances.effects) > 10)
        for old in workers:
            new = world.cluster.start_worker()
            world.cluster.wait_alive([new])
            old.terminate()
            assert old.wait(60) == 0
        for old in coordinators:
            world.cluster.wait_alive([world.cluster.start_coordinator()])
            old.terminate()
            assert old.wait(30) == 0

        assert world.wait(seconds=80).status == "COMPLETED"

        assert world.recoveries() == []
        world.assert_holds([0, 1, 2])
        assert set(world.instances.counts().values()) == {1}
