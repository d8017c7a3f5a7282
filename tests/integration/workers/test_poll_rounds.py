"""Poll rounds with real workers: killed and stopped in the middle of one, doubled, and beside immediate work."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.ledger.records import Turn
from orchestrator.observability import crash_points
from tests.support.fault_world import FaultWorld, effect_stage, fault_world
from tests.support.long import long
from tests.support.plans import noop_stage
from tests.support.waiting import wait_until

TENANTS = 12
STAGES = [effect_stage("one"), effect_stage("two")]
# A turn that only the end of its lease brings back is seen in the coordinator's log.
LONG_LEASE = {"CHANGEOVER_LEASE_SECONDS": "30", "CHANGEOVER_RENEW_SECONDS": "3"}

PUBLISH = """
import json, sys
from orchestrator.broker.app import make_app
from orchestrator.broker.rounds import publish_round
from orchestrator.ledger.records import Turn

app = make_app()
for queue, rows in json.load(sys.stdin):
    publish_round(app, queue, [Turn(*row) for row in rows])
"""


def publish(world: FaultWorld, rounds: list[tuple[str, list[Turn]]]) -> None:
    """In a process of its own: ``celeryconfig`` reads the environment once a process."""
    content = json.dumps([[queue, [astuple(turn) for turn in turns]] for queue, turns in rounds])
    subprocess.run([sys.executable, "-c", PUBLISH], input=content, env=world.cluster.environment, text=True, check=True)


def turns_now(world: FaultWorld, plan_id: str, count: int) -> dict[str, list[Turn]]:
    """The turn that each task is at, by its lane."""
    found: dict[str, list[Turn]] = {}
    for n in range(count):
        record = world.redis.hgetall(world.keys.of("task", f"{plan_id}.{n}"))
        number = [int(record.get(name, 0)) for name in ("epoch", "stage", "turn")]
        lane = lane_name(lane_of(f"{plan_id}-t{n}", world.settings.lanes))
        found.setdefault(lane, []).append(Turn(f"{plan_id}.{n}", *number))
    return found


# Each comes after all have polled once, in slots.
@pytest.mark.parametrize(
    "point",
    [
        # Recorded, and not in a message again; others of the round may be under way.
        pytest.param(f"{crash_points.BETWEEN_POLLS}:{TENANTS + 3}", marks=long),
        # Some have begun, some have asked, others wait.
        pytest.param(f"{crash_points.AFTER_BEGIN}:{TENANTS + 3}", marks=long),
        pytest.param(f"{crash_points.AFTER_STEP}:{TENANTS + 3}", marks=long),
    ],
)
def test_a_worker_killed_in_the_middle_of_a_round(tmp_path: Path, point: str) -> None:
    with fault_world(tmp_path) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 2, 1.0
        coordinator = world.cluster.start_coordinator()
        victim = world.cluster.start_worker(settings={crash_points.VARIABLE: point})
        world.cluster.wait_alive([coordinator, victim])
        world.submit(TENANTS, STAGES)
        assert victim.wait(30) == -signal.SIGKILL
        world.cluster.wait_alive([world.cluster.start_worker()])

        assert world.wait().status == "COMPLETED"

        # Whoever had begun is taken for lost; those that waited are back without that.
        assert len(world.recoveries()) < TENANTS
        assert world.recoveries() or point.startswith(crash_points.BETWEEN_POLLS)
        world.assert_holds([0, 1])


@pytest.mark.parametrize("pool", ["threads", pytest.param("prefork", marks=long), pytest.param("solo", marks=long)])
def test_a_worker_that_stops_in_the_middle_of_a_round_hands_it_on(tmp_path: Path, pool: str) -> None:
    with fault_world(tmp_path, **LONG_LEASE) as world:
        # Long enough for what is gathered at the stop to be gathered for a while.
        world.instances.polls_needed, world.instances.poll_seconds = 2, 2.6
        leaver = world.cluster.start_worker(pool=pool, concurrency=2)
        world.cluster.wait_alive([world.cluster.start_coordinator(), leaver])
        world.submit(TENANTS, [effect_stage("one"), noop_stage("two")])
        wait_until(lambda: len(world.instances.visits) == TENANTS)
        # From now on nobody is answered: the round's polls are under way until the worker is stopping.
        world.instances.hold_polls.clear()
        wait_until(lambda: world.instances.visits.total() >= TENANTS + TENANTS // 2)
        leaver.terminate()
        world.cluster.wait_leaving(leaver)
        world.instances.hold_polls.set()
        assert leaver.wait(60) == 0
        world.cluster.start_worker()

        assert world.wait().status == "COMPLETED"

        assert '"action": "republished"' not in world.cluster.logs()
        assert world.recoveries() == []
        world.assert_holds([0])
        assert set(world.instances.counts().values()) == {1}


def test_copies_of_rounds_are_dropped_turn_by_turn(tmp_path: Path) -> None:
    with fault_world(tmp_path, **LONG_LEASE) as world:
        world.instances.hold.clear()
        world.instances.polls_needed, world.instances.poll_seconds = 1, 0.5
        workers = [world.cluster.start_worker(), world.cluster.start_worker(pool="prefork", concurrency=2)]
        world.cluster.wait_alive([world.cluster.start_coordinator(), *workers])
        world.submit(TENANTS, [effect_stage("one")])
        # All are at their second poll, and stay there.
        wait_until(lambda: len(world.instances.effects) == TENANTS)
        rounds = turns_now(world, "p", TENANTS)
        stale = [Turn(turn.task_id, turn.epoch, turn.stage, 0) for turn in rounds[lane_name(0)]]
        publish(world, [*rounds.items(), *rounds.items(), (lane_name(0), stale)])
        wait_until(lambda: world.cluster.logs().count("message dropped") == 2 * TENANTS + len(stale))
        world.instances.hold.set()

        assert world.wait().status == "COMPLETED"

        assert set(world.instances.visits.values()) == {2}
        assert world.cluster.logs().count("message dropped") == 2 * TENANTS + len(stale)
        world.assert_holds([0])


@long
@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_immediate_work_and_another_plans_polls_beside_500_that_nobody_answers(tmp_path: Path, pool: str) -> None:
    polling = 500
    with fault_world(tmp_path, **LONG_LEASE) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 3.0
        worker = world.cluster.start_worker(pool=pool, concurrency=1)
        world.cluster.wait_alive([world.cluster.start_coordinator(), worker])
        # Their first poll is answered, their second is not.
        world.instances.hold.clear()
        world.submit(polling, [effect_stage("one")], plan_id="waits", max_concurrency=polling)
        wait_until(lambda: len(world.instances.visits) == polling, 60)
        # As many as a plan may have under way wait for their instances; no slot does.
        wait_until(lambda: len(world.instances.effects) >= 50, 60)
        world.submit(3, [noop_stage("one"), noop_stage("two")], plan_id="at-once")
        assert world.wait("at-once").status == "COMPLETED"
        assert world.client.summary("waits").counts == {"RUNNING": polling}
        report = world.report(ended=False)
        assert report.holds, str(report)
