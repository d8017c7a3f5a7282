"""A health path and version key from the settings change the request that really goes out (P13.1)."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.client import Client
from orchestrator.settings.model import HealthCheckSettings, Settings
from tests.support.cluster import Cluster
from tests.support.instances import Handler, Instances
from tests.support.place import Place
from tests.support.plans import plan


def ready(handler: Handler) -> None:
    handler.reply(200, json.dumps({"build": 42, "version": 41}).encode())


def test_path_and_key_of_the_application_and_of_a_tenant(place: Place, settings: Settings, tmp_path: Path) -> None:
    of_application = {"CHANGEOVER_HEALTH_CHECK__PATH": "/ready", "CHANGEOVER_HEALTH_CHECK__VERSION_KEY": "build"}
    cluster = Cluster(place, tmp_path, **of_application)
    stage = {"name": "check", "steps": [{"type": "health-check", "interval_seconds": 0.1, "max_attempts": 2}]}
    same = settings.model_copy(update={"health_check": HealthCheckSettings(path="/ready", version_key="build")})
    with Instances({"/ready": ready, "/own": ready}) as instances, Client(same) as client:
        endpoint = {"key": "gw", "target_domain": instances.address}
        one = {"tenant_id": "a", "deploy_unit_version": 42, "network_endpoints": [endpoint]}
        own = {**one, "tenant_id": "b", "overrides": {"health_check": {"path": "/own", "version_key": "version"}}}
        client.submit(plan("reach", [one, own], [stage], max_concurrency=1))
        try:
            cluster.start()
            status = client.wait("reach", timeout_seconds=60)
        finally:
            cluster.end()
        assert instances.seen == ["/ready", "/own", "/own"]
    assert [task.status for task in status.tasks] == ["COMPLETED", "FAILED"]
    failure = status.tasks[1].failure_info
    assert failure is not None
    assert "gw says version 41" in failure.message
