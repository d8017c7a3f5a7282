"""A long step does not stop the heartbeats (P10.4), and its lease is renewed all the while, however long it is."""

from __future__ import annotations

from pathlib import Path

import redis

from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until


def test_two_heartbeats_during_one_long_step(
    client: Client, place: Place, redis_client: redis.Redis, tmp_path: Path, instances: TenantInstances
) -> None:
    cluster = Cluster(
        place,
        tmp_path,
        CHANGEOVER_HEARTBEAT_SECONDS="0.5",
        CHANGEOVER_RENEW_SECONDS="0.2",
        # Longer than any pause of the worker.
        CHANGEOVER_LEASE_SECONDS="60",
    )
    due_times: list[float] = []
    stage = {"name": "long", "steps": [{"type": "health-check", "timeout_seconds": 60, "expected_version": 41}]}
    instances.hold.clear()
    try:
        cluster.start()
        client.submit(plan("long", [tenant("t0", instances, 1)], [stage]))

        def renewals() -> int:
            due = redis_client.zscore(Keys(place.namespace).of("leases_running"), "long.0")
            if due is not None and due not in due_times:
                due_times.append(due)
            return len(due_times) - 1

        def heartbeats() -> int:
            return sum(event.type == "TaskProgress" for event in client.events("long"))

        wait_until(lambda: renewals() >= 3 and heartbeats() >= 3, 30)
        instances.hold.set()
        assert client.wait("long", timeout_seconds=30).status == "COMPLETED"
    finally:
        instances.hold.set()
        cluster.end()
    # Each renewal puts the end of its lease off: a step that is longer than a lease is not taken for lost.
    assert due_times == sorted(due_times)
    assert instances.polls["t0/a"] == 1
    assert not any(event.type == "TaskRecovered" for event in client.events("long"))
