"""A fleet with real processes, workers and instances: it stops by itself before it has hurt many."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.domain.events import PlanBreakerTripped
from tests.support.cluster import Cluster
from tests.support.gate_server import GateServer
from tests.support.long import long
from tests.support.plans import BROADCAST, CONFIG_WRITE, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

QUICK = {"type": "health-check", "interval_seconds": 0.05, "max_attempts": 3}
SWITCH = {"name": "switch", "steps": [CONFIG_WRITE, BROADCAST, QUICK]}
CANARY: dict[str, Any] = {"name": "canary", "tenants": {"count": 2}, "failure_tolerance": {"count": 0}}


def fleet(instances: TenantInstances, count: int, slots: int = 4, **head: Any) -> dict[str, Any]:
    tenants = [tenant(f"t{i}", instances, count=1) for i in range(count)]
    return plan("p", tenants, [SWITCH], slots) | head


def kinds(client: Client) -> list[str]:
    return [event.type for event in client.events("p")]


def in_state(client: Client, state: str) -> bool:
    return client.summary("p").status == state


def test_a_canary_that_fails_leaves_200_behind_it_untouched(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    instances.stubborn.add("t1/a")
    cluster.start()
    client.submit(fleet(instances, 202, waves=[CANARY, {"name": "rest"}]))
    wait_until(lambda: in_state(client, "PAUSED"), 60)

    assert client.summary("p").counts == {"COMPLETED": 1, "FAILED": 1, "PENDING": 200}
    assert not any(name.startswith(("t2/", "t9/", "t150/")) for name in instances.polls)
    assert instances.client.hget("tenant_config:t2", "gateway") is None
    refused = client.resume(plan_id="p")
    assert (refused.accepted, "1 failed in wave canary, tolerance 0" in refused.message) == (False, True)
    said = client.explain(plan_id="p").reasons
    assert any("changeover resume --plan p --accept-failures" in reason for reason in said), said

    instances.stubborn.clear()
    assert client.retry(plan_id="p").accepted
    assert client.resume(plan_id="p").accepted
    assert client.wait("p", timeout_seconds=90).counts == {"COMPLETED": 202}


def test_a_canary_that_falls_back_while_it_soaks_stops_what_is_behind_it(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    canary = CANARY | {"soak": {"seconds": 60, "interval_seconds": 0.3}}
    cluster.start()
    client.submit(fleet(instances, 6, waves=[canary, {"name": "rest"}]))
    wait_until(lambda: client.summary("p").waves[0].state == "SOAKING", 30)
    # It was there when its move ended, and in the first look.
    before = instances.polls["t1/a"]
    wait_until(lambda: instances.polls["t1/a"] > before, 30)
    instances.stubborn.add("t1/a")
    wait_until(lambda: in_state(client, "PAUSED"), 60)

    assert client.summary("p").counts == {"COMPLETED": 1, "FAILED": 1, "PENDING": 4}
    task = client.task_status("p.1")
    assert task.failure_info is not None
    assert (task.failure_info.type, task.failure_info.stage_name) == ("SoakFailed", "switch")
    assert kinds(client)[-4:] == ["PlanProgress", "PlanBreakerTripped", "OperationRequested", "PlanPaused"]
    assert instances.client.hget("tenant_config:t2", "gateway") is None


def test_a_wave_that_soaks_well_lets_the_next_one_on(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    canary = CANARY | {"soak": {"seconds": 1.0, "interval_seconds": 0.3}}
    cluster.start()
    client.submit(fleet(instances, 4, waves=[canary, {"name": "rest"}]))
    assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    told = kinds(client)
    assert [kind for kind in told if kind.startswith("PlanWave")] == [
        "PlanWaveStarted",
        "PlanWaveSoaking",
        "PlanWaveCompleted",
        "PlanWaveStarted",
        "PlanWaveCompleted",
    ]
    # Looked at after their moves; nobody of the rest was.
    assert min(instances.polls["t0/a"], instances.polls["t1/a"]) >= 2
    assert instances.polls["t2/a"] == 1


@pytest.mark.parametrize(
    ("statuses", "end"), [((202, 202, 200), "COMPLETED"), ((202, 503), "PAUSED")], ids=["approves", "rejects"]
)
def test_an_http_gate_answers(
    client: Client, cluster: Cluster, instances: TenantInstances, statuses: tuple[int, ...], end: str
) -> None:
    gate = GateServer(*statuses)
    try:
        canary = CANARY | {"gate": {"url": gate.url, "interval_seconds": 0.2, "timeout_seconds": 60}}
        cluster.start()
        client.submit(fleet(instances, 4, waves=[canary, {"name": "rest"}]))
        wait_until(lambda: in_state(client, end), 60)
        assert gate.asked == len(statuses)
    finally:
        gate.close()
    answers = [event for event in client.events("p") if event.type in ("PlanGateApproved", "PlanGateRejected")]
    assert [getattr(event, "actor", "") for event in answers] == ["gate"]
    if end == "PAUSED":
        assert "503" in str(getattr(answers[0], "reason", ""))
        assert client.approve("p", "canary", reason="known").accepted
        assert client.resume(plan_id="p").accepted
        assert client.wait("p", timeout_seconds=60).status == "COMPLETED"


@pytest.mark.parametrize(("mode", "most"), [("strict", 11), pytest.param("soft", 10 + 8, marks=long)])
def test_a_percent_breaker_stops_500_tenants(
    client: Client, cluster: Cluster, instances: TenantInstances, mode: str, most: int
) -> None:
    instances.stubborn.update(f"t{i}/a" for i in range(20, 500))
    cluster.start(concurrency=8)
    client.submit(fleet(instances, 500, slots=8, failure_tolerance={"percent": 2, "mode": mode}))
    wait_until(lambda: in_state(client, "PAUSED"), 120)

    summary = client.summary("p")
    assert 10 < summary.counts["FAILED"] <= most
    (tripped,) = [event for event in client.events("p") if isinstance(event, PlanBreakerTripped)]
    assert (tripped.failed, tripped.tolerance, tripped.action, tripped.wave) == (11, 10, "pause", None)
    assert summary.counts["PENDING"] >= 500 - 20 - 2 * most
