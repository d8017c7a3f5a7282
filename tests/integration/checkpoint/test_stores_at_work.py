"""Pause, failure, a killed worker and cancel, with real processes and each kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from checkpoint import CheckpointStore, RedisCheckpointStore
from checkpoint.database import DatabaseCheckpointStore
from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from tests.support.cluster import Cluster
from tests.support.history import assert_gapless, types
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.plans import CONFIG_WRITE, HEALTH_CHECK, noop_stage, plan, tenant
from tests.support.postgres_server import PostgresServer
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

STAGES = [{"name": "write", "steps": [CONFIG_WRITE]}, {"name": "check", "steps": [HEALTH_CHECK]}, noop_stage("after")]
PATIENT = {"overrides": {"health_check": {"max_attempts": 100_000, "interval_seconds": 0.05}}}


@pytest.fixture(params=mostly_long(["redis", "sqlite", "postgres"], "redis", "postgres"))
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "redis":
        return {}
    url = f"sqlite:///{tmp_path}/checkpoints.db"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.url
    return {"CHANGEOVER_CHECKPOINT__STORE_TYPE": "db", "CHANGEOVER_CHECKPOINT__URL": url}


@pytest.fixture
def store(store_settings: dict[str, str], place: Place, redis_client: redis.Redis) -> Iterator[CheckpointStore]:
    if not store_settings:
        keys = Keys(place.namespace)
        yield RedisCheckpointStore(redis_client, lambda task_id: keys.of("checkpoint", task_id))
        return
    database = DatabaseCheckpointStore(store_settings["CHANGEOVER_CHECKPOINT__URL"], place.namespace)
    yield database
    database.close()


@pytest.fixture
def workers(place: Place, tmp_path: Path, store_settings: dict[str, str]) -> Iterator[Cluster]:
    more = {"CHANGEOVER_LEASE_SECONDS": "1.5", "CHANGEOVER_RENEW_SECONDS": "0.3", "CHANGEOVER_SWEEP_SECONDS": "0.2"}
    more["CHANGEOVER_CHECKPOINT__ORPHAN_SWEEP_SECONDS"] = "0.2"
    cluster = Cluster(place, tmp_path, **more, **store_settings)
    cluster.start_coordinator()
    cluster.start_worker()
    cluster.wait_alive(cluster.processes)
    yield cluster
    cluster.end()


def at_work(client: Client, plan_id: str, instances: TenantInstances, **more: Any) -> str:
    """A plan of one tenant whose first stage is recorded and whose second one polls; the task's id."""
    tenant_id = f"t-{plan_id}"
    instances.stubborn.add(f"{tenant_id}/a")
    client.submit(plan(plan_id, [tenant(tenant_id, instances, 1, **more)], STAGES))
    wait_until(lambda: instances.polls[f"{tenant_id}/a"] >= 1)
    return f"{plan_id}.0"


def let_go(instances: TenantInstances, plan_id: str) -> None:
    instances.stubborn.discard(f"t-{plan_id}/a")


def stages_started(client: Client, plan_id: str) -> list[str]:
    return [event.stage_name for event in client.events(plan_id) if event.type == "TaskStageStarted"]


def test_a_task_goes_on_from_its_checkpoint(
    client: Client, workers: Cluster, instances: TenantInstances, store: CheckpointStore
) -> None:
    # Paused between two stages: the checkpoint is there until the end, and gone after it.
    task_id = at_work(client, "pause", instances, **PATIENT)
    client.pause(plan_id="pause")
    let_go(instances, "pause")
    wait_until(lambda: client.summary("pause").status == "PAUSED")
    kept = store.load_many([task_id])
    client.resume(plan_id="pause")
    assert client.wait("pause", timeout_seconds=30).status == "COMPLETED"
    assert stages_started(client, "pause") == ["write", "check", "after"]

    # Failed, and retried from the checkpoint: the first stage is not run again.
    failed = at_work(client, "fail", instances)
    assert client.wait("fail", timeout_seconds=30).status == "FAILED"
    let_go(instances, "fail")
    client.retry(task_id=failed)
    assert client.wait("fail", timeout_seconds=30).status == "COMPLETED"
    assert stages_started(client, "fail") == ["write", "check", "check", "after"]

    # The worker is killed in the middle of a stage: another one goes on from the checkpoint.
    instances.hold.clear()
    killed = at_work(client, "kill", instances, **PATIENT)
    workers.kill(workers.processes[1])
    let_go(instances, "kill")
    instances.hold.set()
    workers.wait_alive([workers.start_worker()])
    assert client.wait("kill", timeout_seconds=40).status == "COMPLETED"
    assert "TaskRecovered" in types(client.events("kill"))
    assert stages_started(client, "kill") == ["write", "check", "after"]

    # Cancelled while no worker has it: nobody deletes the checkpoint but the clean-up.
    cancelled = at_work(client, "cancel", instances, **PATIENT)
    client.pause(plan_id="cancel")
    let_go(instances, "cancel")
    wait_until(lambda: client.summary("cancel").status == "PAUSED")
    assert store.load(cancelled) is not None
    client.cancel(plan_id="cancel")
    assert client.wait("cancel", timeout_seconds=30).status == "CANCELLED"

    everything = [task_id, failed, killed, cancelled]
    wait_until(lambda: store.load_many(everything) == {}, 20, "checkpoints are left behind")
    assert [(one.completed_stages, one.last_stage) for one in kept.values()] == [(2, "check")]
    assert list(kept[task_id].outputs) == ["write", "check"]
    assert_gapless(list(client.events()))
