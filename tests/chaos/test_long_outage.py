"""Redis is away for a minute: nothing is lost, nothing is taken from a worker that lives. `make test-long` runs it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.history import assert_gapless
from tests.support.long import long
from tests.support.place import Place
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

OUTAGE_SECONDS = 60


@long
@pytest.mark.timeout(300)
def test_a_minute_without_redis(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    place = Place(server.user_url(0), server.user_url(1))
    settings = Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
    cluster = Cluster(place, tmp_path)
    instances = TenantInstances(place.redis_url)
    try:
        instances.hold.clear()
        cluster.start(coordinators=2, workers=2)
        # A stage with a deadline far shorter than the outage: its time is not up while nobody could record it.
        stage = {**SWITCH, "timeout_seconds": 30}
        with Client(settings) as client:
            tenants = [tenant(f"t{i}", instances, 1) for i in range(8)]
            client.submit(plan("outage", tenants, [stage, noop_stage("after")], max_concurrency=4))
            wait_until(lambda: len(instances.polls) >= 4)
            server.kill()
            instances.hold.set()
            threading.Event().wait(OUTAGE_SECONDS)
            server.start()
            wait_until(lambda: client.summary("outage").status == "COMPLETED", 120)
            events = list(client.events())
            assert_gapless(events)
            assert not [event for event in events if event.type in ("TaskRecovered", "TaskFailed")]
    finally:
        cluster.end()
        instances.close()
        server.stop()
