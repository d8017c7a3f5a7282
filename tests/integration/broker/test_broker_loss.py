"""Redis goes away, cuts connections, forgets messages and scripts: every process stays, and plans end right."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.fault_world import LEASE_SECONDS, FaultWorld, effect_stage, fault_world, write_stage
from tests.support.long import long, mostly_long
from tests.support.waiting import wait_until

STAGES = [write_stage("one"), effect_stage("two")]
LEASE = {"CHANGEOVER_LEASE_SECONDS": "4", "CHANGEOVER_RENEW_SECONDS": "0.5"}
NOTHING_PUT_OFF = ("--appendfsync", "always")
"""A killed Redis loses nothing that it has answered, however slow the disk is."""


def restart(world: FaultWorld, away_seconds: float) -> None:
    world.server.kill()
    threading.Event().wait(away_seconds)
    world.server.start()


@pytest.mark.parametrize("pool", [pytest.param("threads", marks=long), "prefork"])
def test_redis_restarts_while_a_stage_runs_and_a_countdown_is_pending(tmp_path: Path, pool: str) -> None:
    with fault_world(tmp_path, *NOTHING_PUT_OFF, **LEASE) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 3.0
        coordinator = world.cluster.start_coordinator()
        worker = world.cluster.start_worker(pool=pool)
        world.cluster.wait_alive([coordinator, worker])
        world.submit(2, STAGES, plan_id="polls")
        wait_until(lambda: world.redis.zcard(world.keys.of("leases_queued")) == 2 and len(world.instances.visits) == 2)
        world.instances.polls_needed = 0
        world.instances.hold.clear()
        world.submit(2, STAGES, plan_id="runs")
        wait_until(lambda: len(world.instances.effects) >= 2)
        # Away for less than a lease, then for more than one.
        for away_seconds in (0.5, 5.0):
            restart(world, away_seconds)
            world.cluster.wait_alive([coordinator, worker])
        world.instances.hold.set()

        assert world.wait("polls").status == "COMPLETED"
        assert world.wait("runs").status == "COMPLETED"

        assert worker.poll() is None
        assert coordinator.poll() is None
        # The grace gave the worker time to renew: nothing was taken from it.
        assert world.recoveries() == []
        world.assert_holds([0, 1])
        # It consumes again, without help.
        world.submit(4, STAGES, plan_id="later")
        assert world.wait("later").status == "COMPLETED"


def cut_connections(world: FaultWorld) -> None:
    for kind in ("normal", "pubsub"):
        world.redis.client_kill_filter(_type=kind, skipme=True)


def forget_messages(world: FaultWorld) -> None:
    world.broker.flushdb()


def forget_scripts(world: FaultWorld) -> None:
    world.redis.script_flush()


@pytest.mark.parametrize("fault", mostly_long([cut_connections, forget_messages, forget_scripts], forget_messages))
def test_faults_while_a_plan_runs(tmp_path: Path, fault: object) -> None:
    assert callable(fault)
    with fault_world(tmp_path) as world:
        world.instances.polls_needed = 1
        coordinator, worker = world.cluster.start_coordinator(), world.cluster.start_worker()
        world.cluster.wait_alive([coordinator, worker])
        world.submit(30, STAGES, max_concurrency=15)
        for share in (10, 30):
            world.wait_effects(share)
            fault(world)

        assert world.wait().status == "COMPLETED"

        assert (worker.poll(), coordinator.poll()) == (None, None)
        world.assert_holds([0, 1])


def test_every_task_is_dispatched_again_from_state(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        # No worker yet: all messages wait in the broker, which then loses them.
        world.cluster.wait_alive([world.cluster.start_coordinator()])
        world.submit(20, STAGES)
        wait_until(lambda: world.redis.zcard(world.keys.of("leases_queued")) == 20)
        world.broker.flushdb()
        world.cluster.start_worker()

        assert world.wait().status == "COMPLETED"
        assert world.recoveries() == []
        world.assert_holds([0, 1])
        assert set(world.instances.counts().values()) == {1}


def test_a_redis_that_is_full_for_a_while(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        coordinator, worker = world.cluster.start_coordinator(), world.cluster.start_worker()
        world.cluster.wait_alive([coordinator, worker])
        world.instances.hold.clear()
        world.submit(4, STAGES)
        world.wait_effects(4)
        # Not away, but it takes no write: neither renewals nor records nor messages.
        world.redis.config_set("maxmemory", 1)
        world.instances.hold.set()
        # A worker that connects anew is refused at once, again and again.
        cut_connections(world)
        wait_until(lambda: "record-waits" in world.cluster.logs() and "renew-failed" in world.cluster.logs())
        threading.Event().wait(LEASE_SECONDS * 2)
        world.redis.config_set("maxmemory", 0)

        assert world.wait().status == "COMPLETED"
        # The outage is two lines in the worker's log (the connection that was cut, then why there is no other) and its
        # end is one. Not by `in`: what pytest would make of so long a text helps nobody.
        wait_until(lambda: world.cluster.logs().count("Connected to") == 2)
        said = world.cluster.logs()
        assert [said.count(words) for words in ("Traceback", "broker lost", "Cannot connect")] == [0, 1, 1]
        assert said.count("(the broker is full)") == 1

        assert (worker.poll(), coordinator.poll()) == (None, None)
        assert world.recoveries() == []
        world.assert_holds([0, 1])
        # It answers, so nobody calls it away; and where a library met it tells nobody anything.
        logs = world.cluster.logs()
        assert "is full" in logs
        assert "is away" not in logs
        assert "Traceback" not in logs, logs[logs.index("Traceback") - 500 :][:3000]


def test_a_silent_worker_ends(tmp_path: Path) -> None:
    with fault_world(tmp_path, CHANGEOVER_DEAF_SECONDS="3") as world:
        # Its consumer is taken from it: connected, alive, and nothing ever arrives.
        worker = world.cluster.start_worker("--include", "tests.support.deaf_worker")

        # Not 0, or who restarts on failure alone starts no other.
        assert worker.wait(40) == 1
        assert "worker-silent" in world.cluster.logs()


@long
def test_a_worker_whose_broker_refuses_it_stays(tmp_path: Path) -> None:
    with fault_world(tmp_path, CHANGEOVER_DEAF_SECONDS="3") as world:
        worker = world.cluster.start_worker()
        world.cluster.wait_alive([worker])
        world.redis.config_set("maxmemory", 1)
        cut_connections(world)
        wait_until(lambda: "(the broker is full)" in world.cluster.logs())
        until = world.redis.time()[0] + 8
        wait_until(lambda: world.redis.time()[0] >= until)
        assert worker.poll() is None
        world.redis.config_set("maxmemory", 0)
        world.cluster.wait_alive([world.cluster.start_coordinator(), worker])
        world.submit(1, [effect_stage("one")])
        assert world.wait().status == "COMPLETED"
        assert "worker-silent" not in world.cluster.logs()


def test_an_idle_worker_is_not_silent(tmp_path: Path) -> None:
    with fault_world(tmp_path, CHANGEOVER_DEAF_SECONDS="4") as world:
        worker = world.cluster.start_worker(concurrency=1)
        world.cluster.wait_alive([world.cluster.start_coordinator(), worker])
        # One slot, busy for longer than that: no reply is due meanwhile.
        world.instances.slow_seconds = 5
        world.submit(1, [effect_stage("one")])
        assert world.wait().status == "COMPLETED"
        # Nor does one that waits for work grow silent: it gives signs of life twice as long after the plan's end.
        until_ms = int(world.redis.time()[0]) * 1000 + 8_000
        wait_until(lambda: any(sign["at"] >= until_ms for sign in signs_of_workers(world)), 30, "no more signs of life")
        assert worker.poll() is None


def signs_of_workers(world: FaultWorld) -> list[dict[str, Any]]:
    found = cast(dict[str, str], world.redis.hgetall(world.keys.of("presence"))).items()
    return [json.loads(entry) for name, entry in found if name.startswith("worker:")]
