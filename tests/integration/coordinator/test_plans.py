"""What plans promise: failures stay with their tenant, strict order, cap, one task a tenant, a gapless log."""

from __future__ import annotations

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.history import assert_gapless, most_running, types
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until


def test_an_instance_that_never_adopts_fails_its_tenant_and_no_other(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    instances.stubborn.add("t1/b")
    cluster.start()
    client.submit(plan("one-bad", [tenant(f"t{i}", instances) for i in range(4)], [SWITCH, noop_stage("after")]))

    status = client.wait("one-bad", timeout_seconds=60)

    assert status.status == "FAILED"
    assert status.counts == {"COMPLETED": 3, "FAILED": 1}
    failed = status.tasks[1]
    assert failed.failure_info is not None
    assert failed.failure_info.type == "HealthCheckFailed"
    assert (failed.failure_info.stage_name, failed.failure_info.step_name) == ("switch-gateway", "health-check")
    assert "b says version 41" in failed.failure_info.message
    assert "a says" not in failed.failure_info.message
    assert failed.completed_stages == 0
    assert types(client.events("one-bad"), task_id="one-bad.1") == [
        "TaskCreated",
        "TaskStarted",
        "TaskStageStarted",
        "TaskStageFailed",
        "TaskFailed",
    ]
    assert instances.polls["t1/b"] == 5


def test_with_one_slot_the_order_is_strict(client: Client, cluster: Cluster) -> None:
    cluster.start(coordinators=2, workers=2)
    tenants = [tenant(f"t{i}") for i in range(8)]
    client.submit(plan("fifo", tenants, [noop_stage("one"), noop_stage("two")], max_concurrency=1))

    assert client.wait("fifo", timeout_seconds=60).status == "COMPLETED"

    order = [
        (event.type, event.task_id) for event in client.events("fifo") if event.type in ("TaskStarted", "TaskCompleted")
    ]
    assert order == [(kind, f"fifo.{i}") for i in range(8) for kind in ("TaskStarted", "TaskCompleted")]


def test_the_cap_is_reached_and_never_exceeded(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    for i in range(15):
        instances.polls_needed[f"t{i}/a"] = 3
    cluster.start(workers=2, concurrency=8)
    client.submit(plan("cap", [tenant(f"t{i}", instances, 1) for i in range(15)], [SWITCH], max_concurrency=5))

    assert client.wait("cap", timeout_seconds=60).status == "COMPLETED"

    assert most_running(list(client.events("cap")), "cap") == 5


def test_two_plans_that_share_tenants(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    shared = ["s0", "s1", "s2"]
    for name in shared:
        instances.polls_needed[f"{name}/a"] = 4
    cluster.start(coordinators=2, workers=3)
    client.submit(plan("first", [tenant(name, instances, 1) for name in shared], [SWITCH], max_concurrency=3))
    wait_until(lambda: client.summary("first").counts.get("RUNNING") == len(shared))
    others = [tenant(f"o{i}", instances, 1) for i in range(4)]
    second = plan("second", [*(tenant(name, instances, 1) for name in shared), *others], [SWITCH], max_concurrency=2)
    client.submit(second)

    assert client.wait("first", timeout_seconds=60).status == "COMPLETED"
    assert client.wait("second", timeout_seconds=60).status == "COMPLETED"

    events = list(client.events())
    assert_gapless(events)
    assert most_running(events, "second") == 2
    waits = [event for event in events if event.type == "TaskWaiting"]
    assert {(event.task_id, event.holder) for event in waits} == {(f"second.{i}", f"first.{i}") for i in range(3)}
    # Waiting costs no slot: tenants that nobody holds were moved by the second plan while the first still ran.
    last_of_first = max(event.sequence_id for event in events if event.plan_id == "first")
    moved_meanwhile = [event for event in events if event.type == "TaskStageStarted" and event.plan_id == "second"]
    assert any(event.sequence_id < last_of_first and event.tenant_id.startswith("o") for event in moved_meanwhile)


def test_no_worker_slot_is_held_between_polls(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    for i in range(30):
        instances.polls_needed[f"t{i}/a"] = 3
    cluster.start(workers=1, concurrency=1)
    stage = {**SWITCH, "steps": [*SWITCH["steps"][:2], {"type": "health-check", "interval_seconds": 1.5}]}
    client.submit(plan("polls", [tenant(f"t{i}", instances, 1) for i in range(30)], [stage], max_concurrency=30))

    assert client.wait("polls", timeout_seconds=80).status == "COMPLETED"

    # One slot served all 30 at once: every stage had started before the first one ended.
    kinds = types(client.events("polls"))
    assert kinds.index("TaskStageSucceeded") > max(i for i, kind in enumerate(kinds) if kind == "TaskStageStarted")
    assert set(instances.polls.values()) == {4}


def test_status_shows_what_each_instance_said_at_each_attempt(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    instances.stubborn.add("t0/b")
    cluster.start()
    client.submit(plan("verdicts", [tenant("t0", instances)], [SWITCH]))

    assert client.wait("verdicts", timeout_seconds=60).status == "FAILED"

    verdicts = client.task_status("verdicts.0").verdicts
    assert verdicts is not None
    assert set(verdicts) == {"a", "b"}
    assert set(verdicts["a"]) == {"ok"}
    assert set(verdicts["b"]) == {"old version"}
    assert len(verdicts["b"]) == instances.polls["t0/b"] == 5
    failure = client.task_status("verdicts.0").failure_info
    assert failure is not None
    # The last attempt, which failed it, too.
    assert f"in {len(verdicts['b'])} attempts" in failure.message
