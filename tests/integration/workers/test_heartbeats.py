"""A long step does not stop the heartbeats (P10.4), and its lease is renewed all the while."""

from __future__ import annotations

from pathlib import Path

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until


def test_two_heartbeats_during_one_long_step(
    client: Client, place: Place, tmp_path: Path, instances: TenantInstances
) -> None:
    cluster = Cluster(
        place,
        tmp_path,
        CHANGEOVER_HEARTBEAT_SECONDS="0.5",
        CHANGEOVER_RENEW_SECONDS="0.2",
        CHANGEOVER_LEASE_SECONDS="1",
    )
    stage = {"name": "long", "steps": [{"type": "health-check", "timeout_seconds": 60, "expected_version": 41}]}
    instances.hold.clear()
    try:
        cluster.start()
        client.submit(plan("long", [tenant("t0", instances, 1)], [stage]))

        def heartbeats() -> int:
            return sum(event.type == "TaskProgress" for event in client.events("long"))

        wait_until(lambda: heartbeats() >= 3, 30)
        instances.hold.set()
        assert client.wait("long", timeout_seconds=30).status == "COMPLETED"
    finally:
        instances.hold.set()
        cluster.end()
    # The step was longer than its lease, yet nobody took it for lost.
    assert instances.polls["t0/a"] == 1
    assert not any(event.type == "TaskRecovered" for event in client.events("long"))
