"""However many ask at once, and wherever they fail: no more move than the plan's cap allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import redis

from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.history import check_ledger, most_running
from tests.support.long import long
from tests.support.plans import BROADCAST, CONFIG_WRITE, plan, tenant
from tests.support.tenant_instances import TenantInstances

QUICK = {"type": "health-check", "interval_seconds": 0.05, "max_attempts": 1}
SWITCH = {"name": "switch", "steps": [CONFIG_WRITE, BROADCAST, QUICK]}
TENANTS, SLOTS = 500, 8


@long
def test_500_retries_at_once_never_exceed_the_cap(
    client: Client,
    cluster: Cluster,
    instances: TenantInstances,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    instances.stubborn.update(f"t{number}/a" for number in range(TENANTS))
    cluster.start(concurrency=SLOTS)
    tenants = [tenant(f"t{number}", instances, count=1) for number in range(TENANTS)]
    client.submit(plan("p", tenants, [SWITCH], SLOTS))
    assert client.wait("p", timeout_seconds=120).counts == {"FAILED": TENANTS}

    instances.stubborn.clear()
    with ThreadPoolExecutor(20) as people:
        asked = list(people.map(lambda number: client.retry(task_id=f"p.{number}"), range(TENANTS)))
    assert all(answer.accepted for answer in asked)
    assert client.wait("p", timeout_seconds=120).counts == {"COMPLETED": TENANTS}
    assert most_running(client.events("p"), "p") == SLOTS
    check_ledger(redis_client, Keys(settings.namespace))
