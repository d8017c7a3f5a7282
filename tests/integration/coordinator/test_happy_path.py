"""A plan moves real tenants: real Redis, real coordinator and worker processes, real HTTP instances."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from orchestrator.client import Client
from orchestrator.ledger.acl import own_channels, own_keys, rules
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.tenant_instances import TenantInstances


@pytest.fixture
def place(redis_server: RedisServer) -> Place:
    """As docs/security.md has it: a user that reaches its namespace, the fences and the keys of the plan, no others."""
    place = Place(redis_server.user_url(), redis_server.user_url(1))
    user = place.namespace
    keys = [*own_keys(user), "tenant_config:*"]
    with redis.Redis.from_url(place.admin_url) as admin:
        admin.execute_command(
            "ACL", "SETUSER", user, "on", ">narrow", *rules(keys, [*own_channels(user), "tenant_config"])
        )
    narrow = f"redis://{user}:narrow@127.0.0.1:{redis_server.port}"
    return replace(place, redis_url=f"{narrow}/0", broker_url=f"{narrow}/1")


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
