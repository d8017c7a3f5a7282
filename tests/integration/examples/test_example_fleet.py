"""The example fleet as a process: what it serves before and after a broadcast."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis
import yaml

from orchestrator.domain.config import PlanSpec
from orchestrator.embedded.demo.fleet import Fleet, serve_fleet
from orchestrator.embedded.demo.instances import instances_of, load_plan
from tests.support.place import Place
from tests.support.redis_server import free_port
from tests.support.waiting import wait_until

EXAMPLE = Path(__file__).parents[3] / "examples" / "blue-to-green.yaml"


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    tenants = [
        {
            "tenant_id": tenant,
            "deploy_unit_version": 42,
            "network_endpoints": [
                {"key": f"{tenant}-{number}", "value": f"http://127.0.0.1:{free_port()}/health"} for number in (1, 2)
            ],
            "variables": {"adopts_after_seconds": {f"{tenant}-1": 0.05, f"{tenant}-2": 0.3}},
            "source_tenant_deploy_config": {"deploy_unit_version": 41},
        }
        for tenant in ("acme", "birch")
    ]
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({"tenants": tenants}))
    return path


def start_fleet(plan_file: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.fleet", str(plan_file)],
        cwd=EXAMPLE.parents[1],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def fleet(plan_file: Path, place: Place) -> Iterator[subprocess.Popen[str]]:
    with start_fleet(plan_file, place.environment()) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert "listen" in lines[0]
        assert "follow" in lines[1]
        yield process
        process.kill()


def healths(plan_file: Path) -> dict[str, dict[str, str]]:
    instances = instances_of(load_plan(plan_file))
    return {one.name: httpx.get(f"http://{one.host}:{one.port}/health").json() for one in instances}


@pytest.mark.usefixtures("fleet")
def test_a_broadcast_makes_the_tenants_instances_adopt_what_is_written(
    plan_file: Path, redis_client: redis.Redis
) -> None:
    assert {health["version"] for health in healths(plan_file).values()} == {"41"}
    for tenant in ("acme", "birch"):
        redis_client.hset(f"tenant_config:{tenant}", "gateway", json.dumps({"version": "42"}))
    assert {health["gateway"] for health in healths(plan_file).values()} == {"41"}, "adopted without being told"
    redis_client.publish("tenant_config", json.dumps({"tenantId": "acme"}))
    wait_until(lambda: healths(plan_file)["acme-1"]["gateway"] == "42", 60)
    after = wait_until(lambda: (now := healths(plan_file))["acme-2"]["gateway"] == "42" and now, 60)
    assert isinstance(after, dict)
    assert after["acme-2"] == {
        "tenant": "acme",
        "instance": "acme-2",
        "version": "42",
        "gateway": "42",
        "portal": "41",
        "agent": "41",
    }
    assert after["birch-1"]["version"] == "41"


@pytest.mark.usefixtures("fleet")
def test_the_way_back_is_reported_too(plan_file: Path, redis_client: redis.Redis) -> None:
    for version in ("42", "41"):
        redis_client.hset("tenant_config:birch", "portal", json.dumps({"version": version}))
        redis_client.publish("tenant_config", "not json, and no harm")
        redis_client.publish("tenant_config", json.dumps({"tenantId": "birch"}))
        wait_until(lambda wanted=version: healths(plan_file)["birch-2"]["portal"] == wanted, 60)  # type: ignore[misc]
    assert healths(plan_file)["birch-2"]["version"] == "41"


def test_what_was_missed_is_caught_up_with(plan_file: Path, place: Place, redis_client: redis.Redis) -> None:
    redis_client.hset("tenant_config:acme", "agent", json.dumps({"version": "42"}))
    with start_fleet(plan_file, place.environment()) as process:
        wait_until(lambda: _answers(plan_file) and healths(plan_file)["acme-1"]["agent"] == "42", 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_taken_port_is_named(fleet: subprocess.Popen[str], plan_file: Path, place: Place) -> None:
    assert fleet.poll() is None
    with start_fleet(plan_file, place.environment()) as second:
        _, errors = second.communicate(timeout=20)
    assert second.returncode == 2
    assert str(instances_of(load_plan(plan_file))[0].port) in errors
    assert "Traceback" not in errors


def test_one_that_finds_no_redis_says_once_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHANGEOVER_REDIS_URL", raising=False)

    async def told_by(url: str | None) -> str:
        following, told = asyncio.create_task(serve_fleet([], url)), ""
        async with asyncio.timeout(20):
            while not told:
                await asyncio.sleep(0.01)
                told = capsys.readouterr().err
        following.cancel()
        assert await following == 0
        return told

    assert (
        asyncio.run(told_by("redis://u:pw@127.0.0.1:1/0"))
        == "fleet waits: Redis does not answer at redis://127.0.0.1:1/0\n"
    )
    assert asyncio.run(told_by(None)).startswith("fleet waits: no Redis named: set CHANGEOVER_REDIS_URL, or start ")
    fleet = Fleet([])
    fleet.waits("for it")
    fleet.waits("for it")
    assert capsys.readouterr().err == "fleet waits: for it\n"


def test_the_example_is_as_large_as_promised() -> None:
    plan = load_plan(EXAMPLE)
    PlanSpec.model_validate(plan)
    instances = instances_of(plan)
    assert len(plan["tenants"]) >= 12
    assert len(plan["stages"]) == 3
    assert plan["max_concurrency"] == 4
    assert all(len(tenant["network_endpoints"]) >= 2 for tenant in plan["tenants"])
    assert len({instance.port for instance in instances}) == len(instances)
    assert {instance.version for instance in instances} == {"41"}
    assert len([instance for instance in instances if instance.delay_seconds > 2]) == 1


def _answers(plan_file: Path) -> bool:
    try:
        return bool(healths(plan_file))
    except httpx.TransportError:
        return False
