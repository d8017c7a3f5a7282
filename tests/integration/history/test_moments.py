"""The checker at this moment: dumps and broker taken while real processes work hold every invariant."""

from __future__ import annotations

import redis

from orchestrator.client import Client
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.history import check_history, read_dump, read_messages
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.waiting import wait_until


def test_every_moment_of_a_running_plan_holds(
    client: Client, cluster: Cluster, settings: Settings, redis_client: redis.Redis, place: Place
) -> None:
    keys = Keys(settings.namespace)
    broker = redis.Redis.from_url(place.admin_broker_url)
    cluster.start(workers=0)
    client.submit(plan("p", [tenant(f"t{i}") for i in range(120)], [noop_stage(f"s{i}") for i in range(3)], 6))
    # One message each, for as long as nobody takes them.
    admitted = {f"p.{i}": 1 for i in range(6)}
    wait_until(lambda: read_messages(broker, settings.namespace, settings.lanes).waiting == admitted)

    # One that runs far ahead, and one that leaves nearly everything to messages.
    hesitant = {"CHANGEOVER_RUN_AHEAD_SECONDS": "0.001"}
    cluster.wait_alive([cluster.start_worker(concurrency=1), cluster.start_worker(concurrency=1, settings=hesitant)])
    moments = 0
    while client.summary("p").status not in PLAN_ENDED:
        dump = read_dump(redis_client, keys)
        messages = read_messages(broker, settings.namespace, settings.lanes)
        report = check_history(client.events(), dump, ended=False, messages=messages)
        assert report.holds, f"at event {dump.seq}:\n{report}"
        moments += 1
    assert moments > 3
    assert check_history(client.events(), read_dump(redis_client, keys)).holds
    broker.close()
