"""A Sentinel fails over under a running plan: processes come back by themselves, and the plan ends right."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.history import check_history, read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.fault_world import SHORT
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.sentinel import SentinelGroup
from tests.support.waiting import wait_until

STAGES = [noop_stage("one"), {"name": "waits", "steps": [{"type": "wait", "seconds": 0.5}]}, noop_stage("three")]


def test_a_fail_over_under_a_running_plan(tmp_path: Path) -> None:
    with SentinelGroup(tmp_path) as group:
        place = Place(group.first.user_url(0, group.port), group.first.user_url(1, group.port))
        settings = Settings(
            namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
        )
        # What was answered is on the replica; once it is alone, an answer comes all the same, with a word in the log.
        safe = {"CHANGEOVER_REDIS__MIN_REPLICAS": "1", "CHANGEOVER_REDIS__WAIT_SECONDS": "0.02"}
        cluster = Cluster(place, tmp_path, **safe, **SHORT)
        try:
            with Client(settings) as client:
                coordinator, worker = cluster.start_coordinator(), cluster.start_worker()
                cluster.wait_alive([coordinator, worker])
                client.submit(plan("p", [tenant(f"t{i}") for i in range(8)], STAGES, 2))
                wait_until(lambda: client.summary("p").counts.get("COMPLETED", 0) >= 2, 30)
                group.fail_over()

                assert client.wait("p", timeout_seconds=80).counts == {"COMPLETED": 8}
                assert (coordinator.poll(), worker.poll()) == (None, None)
                events = list(client.events())
            report = check_history(events, read_dump(connect(place.admin_url, patient=True), Keys(place.namespace)))
            assert report.holds, str(report)
            # Another server may have lost the last draws: no epoch is given out twice.
            epochs = [int(record["epoch"]) for record in _tasks(settings)]
            assert len(set(epochs)) == len(epochs)
            assert max(epochs) > 100_000
        finally:
            cluster.stop()


def _tasks(settings: Settings) -> list[dict[str, str]]:
    """The records of the plan's tasks."""
    assert settings.redis_url is not None
    client = connect(settings.redis_url.get_secret_value(), patient=True)
    keys = Keys(settings.namespace)
    return [client.hgetall(keys.of("task", f"p.{position}")) for position in range(8)]  # type: ignore[misc]
