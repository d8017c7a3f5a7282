"""Real processes serve after a real plan all that dashboard and rules ask for, also while Redis is away."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.hooked import hook_setting
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.prometheus_server import PROGRAM, PrometheusServer
from tests.support.redis_server import RedisServer, free_port
from tests.support.waiting import wait_until

DEPLOY = Path(__file__).parents[3] / "deploy"
WAITS = {"name": "waits", "steps": [{"type": "wait", "seconds": 0.2}]}


def expressions() -> Iterator[str]:
    dashboard = json.loads((DEPLOY / "grafana" / "changeover.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    groups = yaml.safe_load((DEPLOY / "prometheus" / "changeover.rules.yml").read_text())["groups"]
    for group in groups:
        yield from (rule["expr"] for rule in group["rules"])


def series_asked_for() -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Name and the labels that it must have, of all series that an expression names."""
    found = set()
    for expression in expressions():
        for name, matchers in re.findall(r"\b(changeover_\w+)(?:\{(.*?)\})?", expression):
            found.add((name, frozenset(re.findall(r'(\w+)="(.*?)"', matchers))))
    return found


def scrape(port: int) -> list[Sample]:
    # A scrape has an end, whatever the servers do: Prometheus gives it ten seconds.
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10.0).text
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(port: int, name: str, **labels: str) -> float:
    return next(one.value for one in scrape(port) if one.name == name and labels.items() <= one.labels.items())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.folder.mkdir()
    server.start()
    yield server
    server.stop()


def test_what_dashboard_and_rules_ask_for_is_served(server: RedisServer, tmp_path: Path) -> None:
    place = Place(server.user_url(), server.user_url(1))
    settings = Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
    hooks = {"ops": hook_setting("http://127.0.0.1:9/", events=["PlanPurged"])}
    cluster = Cluster(place, tmp_path, CHANGEOVER_METRICS_BY_PLAN="true", CHANGEOVER_WEBHOOKS=json.dumps(hooks))
    port, worker_port = free_port(), free_port()
    try:
        coordinator = cluster.start_coordinator("--metrics-port", str(port))
        worker = cluster.start_worker(f"--metrics-port={worker_port}", pool="prefork", concurrency=2)
        cluster.wait_alive([coordinator, worker])
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{i}") for i in range(3)], [noop_stage("one"), WAITS]))
            assert client.wait("p", timeout_seconds=60).counts == {"COMPLETED": 3}
            client.submit(plan("open", [tenant("t9")], [{"name": "long", "steps": [{"type": "wait", "seconds": 600}]}]))
            # The processes of the pool send what they timed by themselves.
            wait_until(
                lambda: any(one.labels.get("type") == "noop" for one in scrape(port)), 30, "no step was ever timed"
            )
            wait_until(lambda: value(port, "changeover_task_active") == 1, 30, "the open plan's task never ran")

        served = [*scrape(port), *scrape(worker_port)]
        asked = series_asked_for()
        assert len(asked) > 30
        missing = [
            (name, dict(labels))
            for name, labels in asked
            if not any(one.name == name and labels <= one.labels.items() for one in served)
        ]
        assert not missing
        assert value(port, "changeover_task_completed_total") == 3
        assert value(port, "changeover_step_duration_seconds_count", type="noop", result="done") == 3
        assert value(port, "changeover_worker_slots_free") + value(port, "changeover_worker_slots_busy") == 2
        assert value(worker_port, "changeover_worker_pool_processes") == 2
        assert value(worker_port, "changeover_worker_slots") == 2

        if PROGRAM is None:
            assert "CI" not in os.environ, "no prometheus on this machine; .ci/run installs it"
        else:
            a_real_one_answers_all_panels_and_rules(tmp_path, port, worker_port)

        server.stop()
        wait_until(
            lambda: value(port, "changeover_ledger_up") == 0, 30, "Redis is away and the scrape knows nothing of it"
        )
        assert value(port, "changeover_broker_up") == 0
        # What was read before is old, and rules take the max over coordinators; a counter would stand still, and jump.
        assert {one.name for one in scrape(port)} == {"changeover_ledger_up", "changeover_broker_up"}
        server.start()
        wait_until(lambda: value(port, "changeover_ledger_up") == 1, 30, "Redis is back")
        assert value(port, "changeover_task_completed_total") == 3
        assert value(port, "changeover_task_active") == 1
    finally:
        cluster.end()


def a_real_one_answers_all_panels_and_rules(folder: Path, port: int, worker_port: int) -> None:
    ports = {"changeover-coordinator": port, "changeover-worker": worker_port}
    (folder / "prometheus").mkdir()
    with PrometheusServer(folder / "prometheus", ports) as prometheus:
        panels = json.loads((DEPLOY / "grafana" / "changeover.json").read_text())["panels"]
        asked = [target["expr"] for panel in panels for target in panel["targets"]]
        # A rate wants two scrapes.
        for expression in asked:
            wait_until(lambda: prometheus.query(expression), 30, f"a panel shows nothing: {expression}")  # noqa: B023
        assert prometheus.query("max(changeover_task_completed_total)")[0]["value"][1] == "3"
        assert {one["metric"]["job"] for one in prometheus.query("up == 1")} == set(ports)
        wait_until(lambda: all(one["lastEvaluation"] > "0002" for one in rules(prometheus)), 30, "a rule never ran")
        assert [(one["name"], one["lastError"]) for one in rules(prometheus) if one["health"] != "ok"] == []
        # The plan has left nothing to be alarmed about.
        assert [one["name"] for one in rules(prometheus) if one["state"] != "inactive"] == []


def rules(prometheus: PrometheusServer) -> list[dict[str, Any]]:
    groups = prometheus.ask("rules")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_a_port_that_is_taken_is_one_clear_error(server: RedisServer, tmp_path: Path) -> None:
    place = Place(server.user_url(), server.user_url(1))
    cluster = Cluster(place, tmp_path)
    process = cluster.start_coordinator("--metrics-port", str(server.port))
    worker = cluster.start_worker("--metrics-port", str(server.port))

    assert (process.wait(30), worker.wait(30)) == (4, 4)
    assert cluster.logs().count(f"cannot listen on 127.0.0.1:{server.port}") == 2
    assert "Traceback" not in cluster.logs()
