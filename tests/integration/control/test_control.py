"""Control with real coordinators and workers: what a person asks for takes effect at the boundary, and counts."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
import redis
from redis.client import PubSub

from orchestrator.client import Client
from orchestrator.domain.events import StageEvent
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.history import check_ledger, types
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import BROADCAST, CONFIG_WRITE, HEALTH_CHECK, SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until


def me() -> Order:
    """A new request each time."""
    return Order("ada", "because")


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


@pytest.fixture
def operations(redis_client: redis.Redis, settings: Settings) -> Operations:
    return Operations(Ledger(redis_client, settings))


def switch(name: str, **check: Any) -> dict[str, Any]:
    return {"name": name, "steps": [CONFIG_WRITE, BROADCAST, HEALTH_CHECK | check]}


def _polled(instances: TenantInstances, name: str, times: int) -> bool:
    return instances.polls[name] == times


def until(world: LedgerWorld, identifier: str, status: str) -> None:
    wait_until(lambda: world.status(identifier) == status, 30, f"{identifier} is not {status}")


def test_pause_in_each_of_three_stages_runs_no_stage_twice(
    client: Client, cluster: Cluster, instances: TenantInstances, operations: Operations, world: LedgerWorld
) -> None:
    cluster.start()
    instances.hold.clear()
    try:
        stages = [switch(name) for name in ("one", "two", "three", "four")]
        client.submit(plan("p", [tenant("t0", instances, 1)], stages))
        for number in (1, 2, 3):
            wait_until(partial(_polled, instances, "t0/a", number))
            assert operations.on_task(Operation.PAUSE, "p.0", me()).status == "RUNNING"
            instances.hold.set()
            until(world, "p.0", "PAUSED")
            assert (world.holder("t0"), world.slots("p")) == ("p.0", set())
            instances.hold.clear()
            assert operations.on_task(Operation.RESUME, "p.0", me()).status == "PENDING"
    finally:
        instances.hold.set()
    assert client.wait("p", timeout_seconds=30).status == "COMPLETED"
    assert instances.polls["t0/a"] == 4
    assert types(client.events("p"), task_id="p.0").count("TaskStageStarted") == 4
    check_ledger(world.client, world.keys)


def test_pause_of_a_plan_with_200_tasks(
    client: Client, cluster: Cluster, operations: Operations, world: LedgerWorld
) -> None:
    cluster.start(concurrency=8)
    client.submit(plan("p", [tenant(f"t{i}") for i in range(200)], [noop_stage("one"), noop_stage("two")], 20))
    wait_until(lambda: client.summary("p").counts.get("COMPLETED", 0) >= 20)
    assert operations.on_plan(Operation.PAUSE, "p", me()).answer == "ACCEPTED"
    until(world, "p", "PAUSED")
    paused = client.summary("p")
    assert set(paused.counts) <= {"PENDING", "PAUSED", "COMPLETED"}
    assert paused.counts["COMPLETED"] < 200
    assert operations.on_plan(Operation.RESUME, "p", me()).status == "RUNNING"
    assert client.wait("p", timeout_seconds=60).counts == {"COMPLETED": 200}

    events = list(client.events("p"))
    kinds = [event.type for event in events]
    between = kinds[kinds.index("PlanPaused") + 1 : kinds.index("PlanResumed")]
    assert between == ["OperationRequested"]
    starts = Counter((e.task_id, e.stage_name) for e in events if e.type == "TaskStageStarted")
    assert (len(starts), set(starts.values())) == (400, {1})
    check_ledger(world.client, world.keys)


def test_cancel_while_pausing_and_while_paused(
    client: Client, cluster: Cluster, instances: TenantInstances, operations: Operations, world: LedgerWorld
) -> None:
    cluster.start()
    instances.hold.clear()
    try:
        tenants = [tenant(f"t{i}", instances, 1) for i in range(2)]
        client.submit(plan("p", tenants, [switch("one"), noop_stage("two")]))
        wait_until(lambda: instances.polls["t0/a"] and instances.polls["t1/a"])
        for task_id in ("p.0", "p.1"):
            operations.on_task(Operation.PAUSE, task_id, me())
        assert operations.on_task(Operation.CANCEL, "p.0", me()).status == "RUNNING"
    finally:
        instances.hold.set()
    until(world, "p.0", "CANCELLED")
    until(world, "p.1", "PAUSED")
    assert operations.on_task(Operation.CANCEL, "p.1", me()).status == "CANCELLED"
    assert client.wait("p", timeout_seconds=30).status == "CANCELLED"
    cancelled = [event for event in client.events("p") if event.type == "TaskCancelled"]
    assert [(e.cancelled_by.kind, e.cancelled_by.actor, e.last_stage) for e in cancelled] == [
        ("manual", "ada", "one")
    ] * 2
    check_ledger(world.client, world.keys)


def test_retry_from_the_checkpoint_and_from_scratch_differ_in_their_effects(
    client: Client, cluster: Cluster, instances: TenantInstances, operations: Operations, world: LedgerWorld
) -> None:
    told = {"type": "broadcast", "channel": "told", "message": {"tenantId": "{{ tenant.tenant_id }}"}}
    instances.stubborn |= {"t0/a", "t1/a"}
    cluster.start()
    with PubSub(instances.client.connection_pool, ignore_subscribe_messages=True) as listener:
        listener.subscribe("told")
        tenants = [tenant(f"t{i}", instances, 1) for i in range(2)]
        client.submit(plan("p", tenants, [{"name": "tell", "steps": [told]}, switch("two")]))
        assert client.wait("p", timeout_seconds=30).counts == {"FAILED": 2}
        instances.stubborn.clear()
        operations.on_task(Operation.RETRY, "p.0", me())
        operations.on_task(Operation.RETRY, "p.1", Order("ada", from_scratch=True))
        assert client.wait("p", timeout_seconds=30).status == "COMPLETED"
        # Every broadcast came before the plan's end: what was said is there to be read.
        heard: Counter[str] = Counter()

        def listen() -> bool:
            while (message := listener.get_message()) is not None:
                heard[message["data"]] += 1
            return heard.total() >= 3

        wait_until(listen)
    assert heard == {'{"tenantId":"t0"}': 1, '{"tenantId":"t1"}': 2}
    check_ledger(world.client, world.keys)


def test_rollback_after_success_and_after_a_failure_in_each_stage(
    client: Client, cluster: Cluster, instances: TenantInstances, operations: Operations, world: LedgerWorld
) -> None:
    cluster.start(concurrency=8)
    names = ("one", "two", "three")
    stages = [switch(name, expected_version=f"{{{{ tenant.variables.{name} }}}}") for name in names]
    old = dict.fromkeys(names, 41)
    source = {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41, "variables": old}
    tenants = [
        tenant(
            f"t{i}",
            instances,
            1,
            variables={name: 1 if number == i else 42 for number, name in enumerate(names)},
            source_tenant_deploy_config=source,
        )
        for i in range(4)
    ]
    reference = tenant("ref", instances, 1, deploy_unit_version=41, variables=old, source_tenant_deploy_config=None)
    client.submit(plan("back", tenants, stages))
    client.submit(plan("reference", [reference], stages))
    assert client.wait("reference", timeout_seconds=30).status == "COMPLETED"
    assert [task.completed_stages for task in client.wait("back", timeout_seconds=30).tasks] == [0, 1, 2, 3]
    assert instances.client.hget("tenant_config:t3", "gateway") != instances.client.hget("tenant_config:ref", "gateway")

    assert operations.on_plan(Operation.ROLLBACK, "back", me()).status == "ROLLING_BACK"
    assert client.wait("back", timeout_seconds=30).counts == {"ROLLED_BACK": 4}

    assert world.status("back") == "ROLLED_BACK"
    wanted = instances.client.hgetall("tenant_config:ref")
    for i in range(4):
        assert instances.client.hgetall(f"tenant_config:t{i}") == wanted
        mine = [e for e in client.events("back") if e.type == "TaskStageRolledBack" and e.tenant_id == f"t{i}"]
        assert [event.stage_name for event in mine] == list(reversed(names[: i + 1]))
    check_ledger(world.client, world.keys)


def test_an_instance_that_refuses_the_old_version_holds_up_nobody_else(
    client: Client, cluster: Cluster, instances: TenantInstances, operations: Operations, world: LedgerWorld
) -> None:
    cluster.start()
    source = {"deploy_unit_version": 40}
    tenants = [tenant(f"t{i}", instances, 1, source_tenant_deploy_config=source) for i in range(3)]
    client.submit(plan("p", tenants, [SWITCH, noop_stage("after")]))
    assert client.wait("p", timeout_seconds=30).status == "COMPLETED"
    # It says 41 from now on, whatever it is told.
    instances.stubborn.add("t1/a")
    operations.on_plan(Operation.ROLLBACK, "p", me())
    status = client.wait("p", timeout_seconds=30)
    assert (status.status, status.counts) == ("ROLLBACK_FAILED", {"ROLLED_BACK": 2, "ROLLBACK_FAILED": 1})
    failure = status.tasks[1].failure_info
    assert failure is not None
    assert (failure.stage_name, failure.step_name) == ("switch-gateway", "health-check")
    assert types(client.events("p"), task_id="p.1")[-4:] == [
        *("TaskStageRolledBack", "TaskStageRollingBack", "TaskStageRollbackFailed", "TaskRollbackFailed"),
    ]

    instances.stubborn.clear()
    since = world.now()
    operations.on_plan(Operation.ROLLBACK, "p", me())
    assert client.wait("p", timeout_seconds=30).status == "ROLLED_BACK"
    again = [(e.type, e.stage_name) for e in world.events(since) if isinstance(e, StageEvent)]
    assert again == [("TaskStageRollingBack", "switch-gateway"), ("TaskStageRolledBack", "switch-gateway")]
    check_ledger(world.client, world.keys)
