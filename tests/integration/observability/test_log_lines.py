"""With JSON logs, all that a coordinator, a worker and Flower write is one shape, Celery's own lines too."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from orchestrator.client import Client
from orchestrator.observability.logs import library_action
from tests.support.cluster import Cluster
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import free_port

FIELDS = {"timestamp", "level", "logger", "action", "event"}
FAILS = {"name": "fails", "steps": [{"type": "health-check", "max_attempts": 1}]}


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_every_line_of_every_process_has_the_same_fields(cluster: Cluster, client: Client, pool: str) -> None:
    # DEBUG: what the libraries say too, and of it there is much.
    cluster.environment["CHANGEOVER_LOG_LEVEL"] = "DEBUG"
    coordinator = cluster.start_coordinator()
    worker = cluster.start_worker(f"--metrics-port={free_port()}", pool=pool)
    cluster.wait_alive([coordinator, worker])
    client.submit(plan("good", [tenant("a"), tenant("b")], [noop_stage("one"), noop_stage("two")]))
    client.submit(plan("bad", [tenant("c", network_endpoints=[{"value": "http://127.0.0.1:1/health"}])], [FAILS]))
    assert client.wait("good", timeout_seconds=30).status == "COMPLETED"
    assert client.wait("bad", timeout_seconds=30).status == "FAILED"
    coordinator.send_signal(signal.SIGTERM)
    assert coordinator.wait(20) == 0
    if pool == "threads":
        # A prefork pool can take half a minute for it.
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    else:
        cluster.kill(worker)

    said = {path.name: _lines(path) for path in sorted(cluster.folder.glob("*.log"))}

    actions = {name: {line["action"] for line in lines} for name, lines in said.items()}
    assert actions["00-coordinator.log"] >= {"coordinator-start", "dispatch", "coordinator-stop"}
    assert actions["01-worker.log"] >= {"stage-done", "stage-failed", "worker-life", "broker-connection"}
    assert "metrics-start" in actions["01-worker.log"]
    assert ("worker-stop" in actions["01-worker.log"]) == (pool == "threads")
    failed = [line for line in said["01-worker.log"] if line["action"] == "stage-failed"]
    assert [(line["planId"], line["tenantId"], line["stageName"]) for line in failed] == [("bad", "c", "fails")]


def _lines(path: Path) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines
    for line in lines:
        assert line.keys() >= FIELDS, line
        assert line["action"] != "library", line
    return lines


def test_a_librarys_line_is_told_by_where_it_comes_from() -> None:
    assert library_action("celery.worker.consumer.connection") == "broker-connection"
    assert library_action("celery.worker.autoscale") == "worker-life"
    assert library_action("some.package") == "library"
