"""Flower in a real browser: a plan's stages are found in its rows, and who gives no password sees nothing."""

from __future__ import annotations

import html
import os
import re
import signal
import urllib.request
from pathlib import Path

import pytest

from orchestrator.client import Client
from tests.support.chromium import find_chromium, rendered
from tests.support.cluster import Cluster
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.processes import start
from tests.support.redis_server import free_port
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.skipif("CHANGEOVER_TEST_BROWSER" not in os.environ, reason="needs a browser; make test-browser"),
    pytest.mark.skipif(find_chromium() is None, reason="no chromium on this machine (Debian: chromium)"),
    pytest.mark.timeout(180),
]

POOLS = ("threads", "prefork")
FAILS = {"name": "switch-portal", "steps": [{"type": "health-check", "max_attempts": 1}]}


def test_a_plans_stages_are_found_and_a_failed_one_is_red(cluster: Cluster, client: Client, tmp_path: Path) -> None:
    port = free_port()
    cluster.environment["CHANGEOVER_FLOWER__BASIC_AUTH"] = "ada:hunter2"
    cluster.start()
    with (tmp_path / "flower.log").open("wb") as log:
        flower = start(["flower", f"--port={port}"], cluster.environment, log, log)
    try:
        # Flower's healthcheck asks for no password.
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/healthcheck"), 30, cluster.logs())
        # What came before a worker was told to send events is in no row.
        wait_until(lambda: "enabled by remote" in cluster.logs(), 30, "no events")
        good = [noop_stage("switch-gateway"), noop_stage("switch-billing")]
        client.submit(plan("good", [tenant("acme"), tenant("globex")], good))
        bad = tenant("initech", network_endpoints=[{"value": "http://127.0.0.1:1/health"}])
        client.submit(plan("bad", [bad], [FAILS]))
        assert client.wait("good", timeout_seconds=30).status == "COMPLETED"
        assert client.wait("bad", timeout_seconds=30).status == "FAILED"

        page = f"http://ada:hunter2@127.0.0.1:{port}/tasks"
        wait_until(lambda: len(rows(rendered(page))) >= 2, 60, "not all rows came")
        wait_until(lambda: all(row[0] in ("SUCCESS", "FAILURE") for row in rows(rendered(page))), 60, "not all ended")
        found = rows(rendered(page, tmp_path / "tasks.png"))

        # A worker may go on with the next stage and the next tenant in one delivery, which is one row.
        told = " ".join(f"{row[1]} {row[2]}" for row in found if row[0] == "SUCCESS")
        for name in ("acme", "globex"):
            for stage in ("switch-gateway", "switch-billing"):
                assert f"tenant={name} stage={stage}" in told
        (failed,) = [row for row in found if row[0] == "FAILURE"]
        assert failed[1].startswith("tenant=initech stage=switch-portal")
        assert "tenant=initech stage=switch-portal: HealthCheckFailed" in failed[-1]
        assert 'text-bg-danger">FAILURE' in rendered(page)
        assert "acme" not in rendered(page.replace("ada:hunter2@", ""))
        assert "acme" not in rendered(page.replace("hunter2", "wrong"))
        assert "hunter2" not in (tmp_path / "flower.log").read_text()
        assert not [line for line in cluster.logs().splitlines() if '"error"' in line]
    finally:
        flower.send_signal(signal.SIGKILL)
        flower.wait()


def test_stages_that_poll_are_found_and_one_that_fails_at_a_later_poll_is_red(
    cluster: Cluster, client: Client, instances: TenantInstances, tmp_path: Path
) -> None:
    port = free_port()
    cluster.wait_alive([cluster.start_coordinator(), *(cluster.start_worker("-E", pool=pool) for pool in POOLS)])
    with (tmp_path / "flower.log").open("wb") as log:
        flower = start(["flower", f"--port={port}"], cluster.environment, log, log)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/healthcheck"), 30, cluster.logs())
        asks = {"type": "health-check", "interval_seconds": 0.5, "consecutive_successes": 3, "max_attempts": 4}
        stage = {**SWITCH, "steps": [*SWITCH["steps"][:2], asks]}
        names = {plan_id: [f"{plan_id}-{n}" for n in range(6)] for plan_id in ("well", "ill")}
        instances.stubborn |= {f"{name}/a" for name in names["ill"]}
        for plan_id, tenants in names.items():
            client.submit(plan(plan_id, [tenant(name, instances, 1) for name in tenants], [stage], max_concurrency=6))
        assert client.wait("well", timeout_seconds=60).status == "COMPLETED"
        assert client.wait("ill", timeout_seconds=60).counts == {"FAILED": 6}

        page = f"http://127.0.0.1:{port}/tasks"
        wait_until(lambda: [row[0] for row in rows(rendered(page))].count("FAILURE") >= 6, 60, "not all rows came")
        found = rows(rendered(page, tmp_path / "tasks.png"))

        # One row a failure, each of a later poll.
        failed = {row[1]: row[-1] for row in found if row[0] == "FAILURE"}
        assert len(failed) == 6 == [row[0] for row in found].count("FAILURE")
        for name in names["ill"]:
            ((shown, why),) = ((one, why) for one, why in failed.items() if one.startswith(f"tenant={name} "))
            assert re.fullmatch(rf"tenant={name} stage=switch-gateway turn=[1-9]", shown)
            assert f"tenant={name} stage=switch-gateway: HealthCheckFailed" in why
        rounds = [row for row in found if row[1].startswith("poll round of ")]
        assert {row[0] for row in rounds} == {"SUCCESS"}
        assert all(re.match(r"poll round of \d+: tenant=(well|ill)-\d stage=switch-gateway", row[1]) for row in rounds)
    finally:
        flower.send_signal(signal.SIGKILL)
        flower.wait()


def rows(document: str) -> list[list[str]]:
    """The cells of each row of the tasks page."""
    body = re.search(r"<tbody>(.*?)</tbody>", document, re.DOTALL)
    found = re.findall(r"<tr.*?</tr>", body.group(1), re.DOTALL) if body else []
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in found]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells if len(row) > 2]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
