"""Killed exactly at each crash point, the task goes on from its state on another worker, soon, and ends right."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from orchestrator.domain.events import TaskFailed
from orchestrator.observability import crash_points
from tests.support.fault_world import effect_stage, fault_world, write_stage
from tests.support.long import long
from tests.support.waiting import wait_until

STAGES = [write_stage("one"), effect_stage("two")]


@pytest.mark.parametrize(
    ("point", "recoveries"),
    [
        # Nothing had begun, or what had ended was recorded: the message is published again, which is no recovery.
        (crash_points.BEFORE_BEGIN, 0),
        pytest.param(crash_points.BETWEEN_POLLS, 0, marks=long),
        (crash_points.BEFORE_NEXT_LINK, 0),
        pytest.param(crash_points.AFTER_BEGIN, 1, marks=long),
        (crash_points.AFTER_STEP, 1),
        (crash_points.AHEAD, 1),
    ],
)
def test_a_worker_killed_at_each_point(tmp_path: Path, point: str, recoveries: int) -> None:
    with fault_world(tmp_path) as world:
        # What has polled is ended beside the slots, and there nothing runs ahead.
        world.instances.polls_needed = 0 if point == crash_points.AHEAD else 1
        coordinator = world.cluster.start_coordinator()
        # Of a task's own links there is none where the worker runs ahead.
        alone = {"CHANGEOVER_RUN_AHEAD": "false"} if point == crash_points.BEFORE_NEXT_LINK else {}
        victim = world.cluster.start_worker(settings={crash_points.VARIABLE: point, **alone})
        world.cluster.wait_alive([coordinator, victim])
        world.submit(1, STAGES)
        assert victim.wait(30) == -signal.SIGKILL
        # Well before the broker would give the message out again, which is an hour later.
        world.cluster.wait_alive([world.cluster.start_worker()])

        assert world.wait().status == "COMPLETED"

        assert [event.reason for event in world.recoveries()] == [
            "the worker gave no sign for longer than its lease"
        ] * recoveries
        world.assert_holds([0, 1])
        assert max(world.instances.counts().values()) <= 1 + recoveries


def test_a_worker_killed_during_a_step(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        world.instances.hold.clear()
        coordinator = world.cluster.start_coordinator()
        victim = world.cluster.start_worker()
        world.cluster.wait_alive([coordinator, victim])
        world.submit(3, STAGES)
        wait_until(lambda: len(world.instances.effects) == 3)
        world.cluster.wait_alive([world.cluster.start_worker()])
        world.cluster.kill(victim)
        world.instances.hold.set()

        assert world.wait().status == "COMPLETED"

        assert len(world.recoveries()) == 3
        world.assert_holds([0, 1])


def test_a_worker_killed_with_countdowns_pending(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 2.0
        coordinator = world.cluster.start_coordinator()
        victim = world.cluster.start_worker()
        world.cluster.wait_alive([coordinator, victim])
        world.submit(3, STAGES)
        wait_until(lambda: len(world.instances.visits) == 3)
        wait_until(lambda: world.redis.zcard(world.keys.of("leases_queued")) == 3)
        world.cluster.kill(victim)
        world.cluster.wait_alive([world.cluster.start_worker()])

        assert world.wait().status == "COMPLETED"

        # No turn was under way, so nobody needed a new epoch, and no step ran again.
        assert world.recoveries() == []
        world.assert_holds([0, 1])
        assert set(world.instances.counts().values()) == {1}


def test_a_coordinator_killed_between_admission_and_publish(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        victim = world.cluster.start_coordinator(settings={crash_points.VARIABLE: crash_points.AFTER_ADMISSION})
        world.cluster.wait_alive([victim, world.cluster.start_worker()])
        world.submit(5, STAGES)
        assert victim.wait(30) == -signal.SIGKILL
        world.cluster.start_coordinator()

        assert world.wait().status == "COMPLETED"

        assert world.recoveries() == []
        world.assert_holds([0, 1])
        assert set(world.instances.counts().values()) == {1}


def test_a_worker_killed_while_rolling_back(tmp_path: Path) -> None:
    with fault_world(tmp_path) as world:
        coordinator = world.cluster.start_coordinator()
        victim = world.cluster.start_worker(settings={crash_points.VARIABLE: crash_points.ROLLBACK_STEP})
        world.cluster.wait_alive([coordinator, victim])
        world.submit(1, STAGES)
        assert world.wait().status == "COMPLETED"
        world.client.rollback(plan_id="p")
        assert victim.wait(30) == -signal.SIGKILL
        world.cluster.start_worker()

        assert world.wait().status == "ROLLED_BACK"

        assert len(world.recoveries()) == 1
        world.assert_holds([0, 1])


def test_a_poisonous_step_cannot_kill_workers_for_ever(tmp_path: Path) -> None:
    with fault_world(tmp_path, CHANGEOVER_MAX_RECOVERIES="2") as world:
        # Prefork: it is the child that dies, so each child dies at its first step, and the worker lives on.
        poisonous = {crash_points.VARIABLE: crash_points.AFTER_STEP}
        worker = world.cluster.start_worker(pool="prefork", concurrency=1, settings=poisonous)
        world.cluster.wait_alive([world.cluster.start_coordinator(), worker])
        world.submit(1, STAGES)

        status = world.wait()

        assert status.status == "FAILED"
        failed = [event for event in world.events("p") if isinstance(event, TaskFailed)]
        assert [event.failure_info.type for event in failed] == ["RecoveriesExhausted"]
        assert "recovered 2 times without this stage finishing" in failed[0].failure_info.message
        assert len(world.recoveries()) == 2
        assert world.instances.counts() == {}  # it died at the first step, before the effect
        assert worker.poll() is None
        world.assert_holds()
