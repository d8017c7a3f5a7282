"""A worker that was stopped past its lease and comes back records nothing and writes nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from steps.redis.fence_key import fence_key
from tests.support.fault_world import EFFECT, effect_stage, fault_world
from tests.support.plans import CONFIG_WRITE
from tests.support.waiting import wait_until

WRITE_LATE = {"name": "one", "steps": [EFFECT, CONFIG_WRITE]}


def test_a_worker_that_slept_through_its_lease_is_fenced_out(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        world.instances.hold.clear()
        sleeper = world.cluster.start_worker()
        world.cluster.wait_alive([world.cluster.start_coordinator(), sleeper])
        world.submit(1, [WRITE_LATE, effect_stage("two")])
        wait_until(lambda: len(world.instances.effects) == 1)
        os.killpg(sleeper.pid, signal.SIGSTOP)
        world.instances.hold.set()
        world.cluster.wait_alive([world.cluster.start_worker()])

        assert world.wait().status == "COMPLETED"

        before = world.events()
        key = "tenant_config:p-t0"
        # Would be seen if the sleeper wrote its config after all.
        world.redis.hset(key, "gateway", "untouched")
        os.killpg(sleeper.pid, signal.SIGCONT)
        log = world.folder / "00-worker.log"
        wait_until(lambda: "fenced-out" in log.read_text())
        sleeper.terminate()
        assert sleeper.wait(30) == 0

        assert log.read_text().count("fenced-out") == 1
        assert "stage-failed" not in log.read_text()
        assert world.events() == before
        assert world.redis.hget(key, "gateway") == "untouched"
        epoch = world.dump().tasks["p.0"]["epoch"]
        assert world.redis.hget(fence_key(key), "epoch") == epoch
        assert [event.epoch for event in world.recoveries()] == [int(epoch)]
        world.assert_holds([0, 1])


def test_a_missed_renewal_is_made_up_for_when_nobody_took_over(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        world.instances.hold.clear()
        worker = world.cluster.start_worker()
        coordinator = world.cluster.start_coordinator()
        world.cluster.wait_alive([coordinator, worker])
        world.submit(1, [WRITE_LATE])
        wait_until(lambda: len(world.instances.effects) == 1)
        # Nobody sweeps, so the lease runs out and stays out.
        coordinator.terminate()
        assert coordinator.wait(30) == 0
        epoch = world.dump().tasks["p.0"]["epoch"]
        os.killpg(worker.pid, signal.SIGSTOP)

        def lease_ms() -> float:
            seconds, micros = world.redis.time()
            at = world.redis.zscore(world.keys.of("leases_running"), "p.0")
            return float(at or 0) - (seconds * 1000 + micros / 1000)

        wait_until(lambda: lease_ms() < 0)
        os.killpg(worker.pid, signal.SIGCONT)
        wait_until(lambda: lease_ms() > 0)
        world.cluster.wait_alive([world.cluster.start_coordinator()])
        world.instances.hold.set()

        assert world.wait().status == "COMPLETED"
        assert world.dump().tasks["p.0"]["epoch"] == epoch
        assert world.recoveries() == []
        world.assert_holds([0])
        assert set(world.instances.counts().values()) == {1}
