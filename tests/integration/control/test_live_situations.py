"""Situations that real processes bring about: named, and ended by the command that `explain` prints."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.answers import Remark
from orchestrator.control.explain import Situation
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.sample import read_sample
from orchestrator.observability.ledger_metrics import families
from orchestrator.settings.model import Settings
from tests.support import leaky_step
from tests.support.cluster import Cluster
from tests.support.long import long
from tests.support.place import Place
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.processes import signal_group
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

TREE = Path(__file__).parents[3]


def find(client: Client, situation: Situation, **target: str) -> Remark | None:
    return next((one for one in client.explain(whole=False, **target).remarks if one.situation == situation), None)


def wait_for(client: Client, situation: Situation, words: str, **target: str) -> Remark:
    """The remark, once it is made."""
    return wait_until(
        lambda: (found := find(client, situation, **target)) and words in found.sentence and found,
        message=f"no {situation} with {words!r}",
    ) or Remark(situation=situation, sentence="")


def test_who_is_missing_is_started_as_typed(cluster: Cluster, client: Client, place: Place) -> None:
    client.submit(plan("p", [tenant("t0")], [noop_stage("one")]))
    missing = wait_for(client, Situation.NO_COORDINATOR, "no coordinator is alive", task_id="p.0")
    coordinator = cluster.start_as_typed(missing.commands[0])

    elsewhere = cluster.start_worker(settings={"CHANGEOVER_NAMESPACE": f"{place.namespace}-other"})
    missing = wait_for(client, Situation.NO_WORKER, "no worker consumes queue lane-", task_id="p.0")
    wait_for(client, Situation.OTHER_NAMESPACE, f":{elsewhere.pid} is alive in namespace", task_id="p.0")

    wrong = {"CHANGEOVER_BROKER_URL": place.broker_url.rpartition("/")[0] + "/8001"}
    stray = cluster.start_worker(settings=wrong)
    other = wait_for(client, Situation.OTHER_BROKER, f":{stray.pid} (", task_id="p.0")
    assert "/8001) listens at another" in other.sentence

    cluster.wait_alive([coordinator, cluster.start_as_typed(missing.commands[0])])
    assert client.wait("p", timeout_seconds=60).status == "COMPLETED"


def test_more_slots_than_threads(cluster: Cluster, client: Client, instances: TenantInstances) -> None:
    cluster.start(concurrency=2)
    instances.hold.clear()
    stage = {**SWITCH, "steps": [SWITCH["steps"][0], {"type": "health-check", "timeout_seconds": 30}]}
    client.submit(plan("p", [tenant(f"t{n}", instances, count=1) for n in range(6)], [stage], max_concurrency=6))
    try:
        found = wait_for(client, Situation.WORKERS_BUSY, "all 2 worker slots of queue lane-", plan_id="p")
        assert found.sentence.endswith("are busy: add workers")
    finally:
        instances.hold.set()
    cluster.wait_alive([cluster.start_as_typed(found.commands[0])])
    assert client.wait("p", timeout_seconds=60).status == "COMPLETED"


def test_an_old_worker_without_the_steps_package(
    place: Place, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaky_step.install(tmp_path / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    cluster = Cluster(place, tmp_path)
    new = {"PYTHONPATH": os.pathsep.join((str(path), str(TREE)))}
    try:
        old = cluster.start_worker()
        cluster.wait_alive([cluster.start_coordinator(), old])
        with Client(settings) as client:
            client.submit(plan("p", [tenant("t0")], [{"name": "one", "steps": [{"type": "leave-context"}]}]))
            given_back = wait_for(client, Situation.HANDED_BACK, f":{old.pid} ", task_id="p.0")
            assert "leave-context" in given_back.sentence
            assert "no live worker of lane-" in given_back.sentence
            assert given_back.commands == ["changeover worker"]
            cluster.wait_alive([cluster.start_worker(settings=new)])
            cluster.kill(old)
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.end()


@long
def test_a_stage_that_times_out_and_a_worker_that_stops(
    cluster: Cluster, client: Client, instances: TenantInstances, settings: Settings, redis_client: redis.Redis
) -> None:
    quick = {"CHANGEOVER_LEASE_SECONDS": "3", "CHANGEOVER_RENEW_SECONDS": "1"}
    worker = cluster.start_worker(settings=quick)
    cluster.wait_alive([cluster.start_coordinator(settings=quick), worker])
    instances.stubborn.add("late/a")
    slow = {**SWITCH, "timeout_seconds": 1.5, "steps": [*SWITCH["steps"][:2], _patient(400)]}
    client.submit(plan("late", [tenant("late", instances, count=1)], [slow]))
    assert client.wait("late", timeout_seconds=60).status == "FAILED"
    failed = wait_for(client, Situation.TASK_FAILED, "took longer than 1.5 s; last answer: ", task_id="late.0")
    assert "a says version 41" in failed.sentence

    instances.hold.clear()
    client.submit(plan("stuck", [tenant("stuck", instances, count=1)], [SWITCH]))
    wait_for(client, Situation.STAGE_RUNS, f":{worker.pid} for", task_id="stuck.0")
    coordinator = cluster.processes[1]
    signal_group(coordinator, signal.SIGSTOP)
    signal_group(worker, signal.SIGSTOP)
    wait_for(client, Situation.WORKER_LOST, f":{worker.pid}", task_id="stuck.0")
    wait_for(client, Situation.WORKER_LOST, "which gave its last sign", task_id="stuck.0")
    wait_until(lambda: heartbeat_lag(settings, redis_client) >= 5, message="the lag of a stopped worker does not rise")
    signal_group(coordinator, signal.SIGCONT)
    signal_group(worker, signal.SIGCONT)
    instances.hold.set()
    assert client.wait("stuck", timeout_seconds=60).status == "COMPLETED"
    assert heartbeat_lag(settings, redis_client) == 0


def heartbeat_lag(settings: Settings, redis_client: redis.Redis) -> float:
    """As a scrape has it."""
    sample = read_sample(redis_client, Keys(settings.namespace))
    (found,) = [one for one in families(sample, by_plan=False) if one.name == "changeover_heartbeat_lag_seconds"]
    return float(found.samples[0].value)


def _patient(attempts: int) -> dict[str, object]:
    return {"type": "health-check", "interval_seconds": 0.2, "max_attempts": attempts}
