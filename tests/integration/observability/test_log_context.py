"""The log context of a run is gone after it, on a reused thread, in a reused prefork child and in a greenlet."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.domain.lanes import lane_of
from orchestrator.settings.model import Settings
from tests.support import leaky_step
from tests.support.cluster import Cluster
from tests.support.long import IS_LONG, longer
from tests.support.place import Place
from tests.support.plans import plan, tenant

TREE = Path(__file__).parents[3]
POOLS = ("threads", "prefork", "gevent") if IS_LONG else ("threads", "prefork")
TENANTS = [f"t{i}" for i in range(12)]


@longer
def test_what_a_step_binds_is_not_the_next_tenants(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaky_step.install(tmp_path / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    cluster = Cluster(
        place,
        tmp_path,
        CHANGEOVER_LANES=str(len(POOLS)),
        CHANGEOVER_LOG_LEVEL="DEBUG",
        PYTHONPATH=os.pathsep.join((str(path), str(TREE))),
    )
    settings = Settings(
        namespace=place.namespace,
        redis_url=SecretStr(place.redis_url),
        broker_url=SecretStr(place.broker_url),
        lanes=len(POOLS),
    )
    stages = [{"name": name, "steps": [{"type": "leave-context"}]} for name in ("one", "two")]
    try:
        # A worker a lane, each with one slot: all its tenants run on the same thread, or in the same child.
        started = [cluster.start_coordinator()]
        started += [
            cluster.start_worker("--queues", f"lane-{lane}", pool=pool, concurrency=1)
            for lane, pool in enumerate(POOLS)
        ]
        cluster.wait_alive(started)
        with Client(settings) as client:
            client.submit(plan("p", [tenant(name) for name in TENANTS], stages, max_concurrency=4))
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.stop()
    # After the stop: a record comes before its line.
    logs = {pool: (tmp_path / f"{n:02}-worker.log").read_text() for n, pool in enumerate(POOLS, start=1)}
    dispatches = lines((tmp_path / "00-coordinator.log").read_text(), "dispatch")

    for lane, pool in enumerate(POOLS):
        mine = {name for name in TENANTS if lane_of(name, len(POOLS)) == lane}
        assert len(mine) > 1, "no tenant follows another here"
        said = [line for line in lines(logs[pool]) if "leaked" in line]
        assert {line["event"] for line in said} == {"said by the step"}, pool
        assert all(line["leaked"] == line["tenantId"] for line in said)
        assert {line["tenantId"] for line in said} == mine
        done = lines(logs[pool], "stage-done")
        assert {(line["planId"], line["tenantId"], line["stageName"]) for line in done} == {
            ("p", name, stage) for name in mine for stage in ("one", "two")
        }
    # Others were taken on by the worker that had ended one.
    dispatched = {(line["planId"], line["tenantId"]) for line in dispatches}
    assert dispatched
    assert dispatched <= {("p", name) for name in TENANTS}


def lines(log: str, action: str | None = None) -> list[dict[str, object]]:
    """The log's own lines, or those of one action."""
    found = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line for line in found if action is None or line.get("action") == action]
