"""Real workers whose step raises what is no ``Exception``, and such that are stopped in a stage: whatever the pool, no
slot, lock or turn is lost over it, and the process lives, or ends as one that was told to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support import leaving_step
from tests.support.fault_world import EFFECT, TREE, effect_stage, fault_world
from tests.support.long import long
from tests.support.plans import tenant
from tests.support.waiting import wait_until

SLOTS = 2
MANY = 2 * SLOTS + 1
"""More than the worker has slots: one that is lost is missed."""
POOLS = ("gevent", "prefork", "solo", "threads")
HOSTILE = ("words-raise-it-again", "words-interrupt", "words-leave")


@long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pool", POOLS)
def test_whatever_a_step_raises_costs_its_own_task_alone(
    tmp_path: Path, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaving_step.install(tmp_path / "leaving")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    with fault_world(tmp_path, PYTHONPATH=os.pathsep.join([str(path), str(TREE)])) as world:
        worker = world.cluster.start_worker(pool=pool, concurrency=SLOTS)
        world.cluster.wait_alive([world.cluster.start_coordinator(), worker])
        for what in (*leaving_step.RAISED, *HOSTILE, "nothing"):
            stages = [{"name": "one", "steps": [{"type": "leave", "what": what}]}]
            tenants = [tenant(f"{what}-{number}") for number in range(MANY)]
            named = {"plan_id": what, "name": what, "max_concurrency": MANY}
            world.client.submit({**named, "stages": stages, "tenants": tenants})
            status = world.wait(what, seconds=120)
            said = [(task.failure_info.type, task.failure_info.message) for task in status.tasks if task.failure_info]
            if what == "nothing":
                assert status.counts == {"COMPLETED": MANY}
            elif (pool, what) == ("gevent", "GreenletExit"):
                # A greenlet is killed so, and nobody can tell who did it.
                assert [kind for kind, _ in said] == ["RecoveriesExhausted"] * MANY
            else:
                words = "Hostile, which cannot say what it is" if what in HOSTILE else f"{what}: bye"
                assert said == [("StepError", words)] * MANY
                assert world.cluster.logs().count(words) >= MANY
        assert {event.plan_id for event in world.recoveries()} == ({"GreenletExit"} if pool == "gevent" else set())
        assert worker.poll() is None
        assert world.broker.hlen("unacked") == 0
        worker.terminate()
        assert worker.wait(60) == 0
        world.assert_holds()


@long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_that_is_stopped_in_a_stage_hands_it_back(tmp_path: Path, pool: str) -> None:
    long_lease = {"CHANGEOVER_LEASE_SECONDS": "30", "CHANGEOVER_RENEW_SECONDS": "3"}
    slots = 1 if pool == "solo" else SLOTS
    with fault_world(tmp_path, **long_lease) as world:
        world.instances.hold.clear()
        leaver = world.cluster.start_worker(pool=pool, concurrency=slots)
        world.cluster.wait_alive([world.cluster.start_coordinator(), leaver])
        world.submit(slots, [{"name": "one", "steps": [EFFECT, EFFECT]}, effect_stage("two")])
        wait_until(lambda: len(world.instances.effects) == slots, 30)
        leaver.terminate()
        world.cluster.wait_leaving(leaver)
        world.instances.hold.set()
        assert leaver.wait(60) == 0
        world.cluster.start_worker(pool=pool, concurrency=slots)
        assert world.wait(seconds=120).status == "COMPLETED"
        # By nobody's lease: it was handed back.
        assert world.recoveries() == []
        assert '"action": "republished"' not in world.cluster.logs()
        assert set(world.instances.counts().values()) == {1}
        world.assert_holds([0, 1])
