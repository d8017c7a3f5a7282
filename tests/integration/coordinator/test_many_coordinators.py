"""Any number of coordinators, killed and stopped at random: nothing is answered twice and nothing forgotten."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from pathlib import Path

from orchestrator.domain.events import TaskStageStarted
from tests.support.fault_world import FaultWorld, effect_stage, fault_world, write_stage
from tests.support.long import long


@long
def test_three_coordinators_killed_and_stopped_at_random(tmp_path: Path) -> None:
    chance = random.Random(7)
    with fault_world(tmp_path) as world:
        world.instances.polls_needed = 1
        coordinators = [world.cluster.start_coordinator() for _ in range(3)]
        workers = [world.cluster.start_worker() for _ in range(2)]
        world.cluster.wait_alive([*coordinators, *workers])
        world.submit(60, [write_stage("one"), effect_stage("two")], max_concurrency=20)
        stopped: int | None = None
        for share in range(10, 90, 16):
            world.wait_effects(share)
            if stopped is not None:
                os.killpg(coordinators[stopped].pid, signal.SIGCONT)
            killed, stopped = chance.sample(range(3), 2)
            world.cluster.kill(coordinators[killed])
            coordinators[killed] = world.cluster.start_coordinator()
            os.killpg(coordinators[stopped].pid, signal.SIGSTOP)
        # One worker dies as well: its leases are overdue for three at once.
        world.cluster.kill(workers[0])

        assert world.wait(seconds=80).status == "COMPLETED"

        os.killpg(coordinators[stopped or 0].pid, signal.SIGCONT)
        world.assert_holds([0, 1])
        assert_nothing_twice(world)


def assert_nothing_twice(world: FaultWorld) -> None:
    recovered = world.recoveries()
    assert len({event.epoch for event in recovered}) == len(recovered)
    # Two answers to one overdue lease would be two recoveries without a turn between them.
    most = Counter(event.task_id for event in recovered)
    assert not most or max(most.values()) == 1
    started = Counter(
        (event.task_id, event.stage_name) for event in world.events("p") if isinstance(event, TaskStageStarted)
    )
    assert set(started.values()) == {1}


def test_a_backlog_is_not_a_fault(tmp_path: Path) -> None:
    lease = {"CHANGEOVER_LEASE_SECONDS": "1", "CHANGEOVER_RENEW_SECONDS": "0.3"}
    with fault_world(tmp_path, **lease) as world:
        world.instances.slow_seconds = 0.03
        worker = world.cluster.start_worker(concurrency=2)
        world.cluster.wait_alive([world.cluster.start_coordinator(), world.cluster.start_coordinator(), worker])
        world.submit(100, [effect_stage("one")], max_concurrency=100)

        assert world.wait(seconds=80).status == "COMPLETED"

        assert world.recoveries() == []
        assert int(world.dump().meta.get("recoveries", 0)) == 0
        world.assert_holds([0])
        assert set(world.instances.counts().values()) == {1}
