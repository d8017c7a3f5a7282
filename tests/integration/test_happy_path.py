"""A plan moves real tenants: real Redis, real coordinator and worker processes, real HTTP instances."""

from __future__ import annotations

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances


def test_twenty_tenants_move(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    tenants = [tenant(f"t{i}", instances) for i in range(20)]
    cluster.start(workers=2)
    client.submit(plan("happy", tenants, [noop_stage("before"), SWITCH, noop_stage("after")]))

    status = client.wait("happy", timeout_seconds=60)

    assert status.status == "COMPLETED"
    assert status.counts == {"COMPLETED": 20}
    for task in status.tasks:
        assert (task.completed_stages, task.total_stages, task.progress_percent) == (3, 3, 100.0)
        assert task.duration_millis is not None
        assert task.started_at is not None
        assert task.ended_at is not None
    for i in range(20):
        assert instances.client.hget(f"tenant_config:t{i}", "gateway") == '{"version":42}'
