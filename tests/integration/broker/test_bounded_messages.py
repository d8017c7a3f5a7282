"""I18 at the broker: how many messages there are, by its own count, however long nobody takes them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from orchestrator.broker.messages import PUSHED
from orchestrator.domain.lanes import lane_names
from tests.support.fault_world import FaultWorld, effect_stage, fault_world
from tests.support.plans import noop_stage
from tests.support.waiting import wait_until

LANES = lane_names(4)
QUICK = {"CHANGEOVER_LEASE_SECONDS": "0.6", "CHANGEOVER_RENEW_SECONDS": "0.15", "CHANGEOVER_SWEEP_SECONDS": "0.1"}
TASKS = 20
STAGES = [noop_stage(f"s{i}") for i in range(6)]


def key(world: FaultWorld, name: str) -> str:
    return f"changeover:{world.place.namespace}:{name}"


def waiting(world: FaultWorld) -> int:
    return sum(int(world.broker.llen(key(world, lane))) for lane in LANES)


def pushed(world: FaultWorld) -> int:
    counts = cast(dict[bytes, bytes], world.broker.hgetall(key(world, PUSHED)))
    return sum(map(int, counts.values()))


def most_looks(world: FaultWorld) -> int:
    return max(int(task.get("republished", 0)) for task in world.dump().tasks.values())


def assert_at_rest(world: FaultWorld, looks: int) -> int:
    """Every task's message is looked after so often, then once more: there are no more of them. Answers how many.

    One copy a task may be there: on a loaded machine a publish takes longer than this test's short lease.
    """
    wait_until(lambda: looked_at(world, looks), 60)
    count = waiting(world)
    assert TASKS <= count <= 2 * TASKS
    wait_until(lambda: looked_at(world, most_looks(world)), 60)
    assert (waiting(world), pushed(world)) == (count, count)
    return count


def looked_at(world: FaultWorld, times: int) -> bool:
    """Whether every task's message has been looked after that often."""
    tasks = world.dump().tasks.values()
    return all(int(task.get("republished", 0)) >= times for task in tasks)


def test_no_worker_for_a_while_and_then_an_emptied_broker(tmp_path: Path) -> None:
    with fault_world(tmp_path, **QUICK) as world:
        world.cluster.wait_alive([world.cluster.start_coordinator(), world.cluster.start_coordinator()])
        world.submit(TASKS, STAGES)
        assert_at_rest(world, looks=2)

        world.broker.flushdb()
        wait_until(lambda: waiting(world) >= TASKS, 60)
        copies = assert_at_rest(world, looks=1 + most_looks(world)) - TASKS

        world.cluster.wait_alive([world.cluster.start_worker()])
        assert world.wait().status == "COMPLETED"
        wait_until(lambda: waiting(world) == 0)
        # One message a task was all that it took; every other was dropped where it arrived.
        dropped = pushed(world) - TASKS
        wait_until(lambda: world.cluster.logs().count("message dropped") == dropped)
        assert copies <= dropped <= copies + TASKS
        world.assert_holds()


def test_polls_that_are_due_together_are_one_message(tmp_path: Path) -> None:
    tenants, polls = 200, 2
    with fault_world(tmp_path) as world:
        world.instances.polls_needed, world.instances.poll_seconds = polls, 3.0
        world.cluster.wait_alive([world.cluster.start_coordinator(), world.cluster.start_worker(concurrency=8)])
        world.submit(tenants, [effect_stage("one")], max_concurrency=tenants)
        assert world.wait().status == "COMPLETED"
        # One each to begin with; then rounds, which even on a loaded machine hold some tenants each.
        assert tenants < pushed(world) <= tenants + tenants * polls / 2
        assert '"action": "republished"' not in world.cluster.logs()
        assert world.cluster.logs().count("message dropped") == 0
        world.assert_holds([0])
