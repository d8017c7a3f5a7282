"""The compose file and the image, as far as they can be checked without Docker."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from orchestrator.embedded.redis_server import find_server_binary
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.support.redis_server import free_port

TREE = Path(__file__).parents[2]
SERVER = 'exec {} "$@" --port {} --bind 127.0.0.1'
ROLES = ("coordinator", "worker", "console", "flower")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((TREE / "docker-compose.yml").read_text())
    return content


@pytest.mark.parametrize("role", ROLES)
def test_each_role_runs_its_own_command(compose: dict[str, Any], role: str) -> None:
    service = compose["services"][role]
    assert service["command"][0] == role
    assert service["restart"] == "unless-stopped"
    assert service["depends_on"]["redis"]["condition"] == "service_healthy"
    assert service["healthcheck"]["test"][0] == "CMD"


def test_workers_can_be_scaled_and_have_time_to_stop(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker
    assert int(worker["stop_grace_period"].removesuffix("s")) > 40


def test_redis_keeps_what_it_is_told(compose: dict[str, Any], tmp_path: Path) -> None:
    redis_service = compose["services"]["redis"]
    assert any(volume.endswith(":/data") for volume in redis_service["volumes"])
    assert "ports" not in redis_service
    # As the image has them: its entry point becomes what it is given.
    port = free_port()
    stand_ins = {"docker-entrypoint.sh": 'exec "$@"', "redis-server": SERVER.format(find_server_binary(), port)}
    for name, content in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{content}\n")
        (tmp_path / name).chmod(0o700)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDISCLI_AUTH": "sesame"}
    command = [part.replace("$$", "$") for part in redis_service["command"]]
    server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port, password="sesame", retry=Retry(ConstantBackoff(0.05), 200))
        chosen = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
        assert chosen == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        # The server itself, which a signal has to reach, and no shell before it.
        assert client.info("server")["process_id"] == server.pid
        client.close()
        with pytest.raises(redis.AuthenticationError), redis.Redis(port=port) as stranger:
            stranger.ping()
    finally:
        server.terminate()
        server.wait()


def test_no_command_has_a_secret(compose: dict[str, Any]) -> None:
    """Whoever may list processes sees commands; of a variable's value nothing is known, so none may be there."""
    for name, service in compose["services"].items():
        commands = [service.get("command"), service.get("entrypoint"), service.get("healthcheck", {}).get("test")]
        # A container's own variable, which Compose does not put in, is written with two.
        assert "$" not in str(commands).replace("$$", ""), name


def test_the_environment_holds_settings_that_exist(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    environment = compose["services"]["worker"]["environment"]
    for name, value in environment.items():
        value = re.sub(r"\$\{REDIS_PASSWORD[^}]*\}", "sesame", value)
        assert name.removeprefix("CHANGEOVER_").lower() in Settings.model_fields
        monkeypatch.setenv(name, value)
    assert find_servers(Settings()).broker_url == "redis://:sesame@redis:6379/1"


def test_our_processes_may_do_little(compose: dict[str, Any]) -> None:
    for role in ROLES:
        service = compose["services"][role]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert compose["services"]["coordinator"]["deploy"]["replicas"] == 2


def test_prometheus_and_grafana_find_what_they_are_to_read(compose: dict[str, Any]) -> None:
    for role in ("prometheus", "grafana"):
        service = compose["services"][role]
        assert service["profiles"] == ["monitoring"]
        for volume in service["volumes"]:
            if (source := volume.split(":")[0]).startswith("./"):
                assert (TREE / source).exists(), source
    scraped = yaml.safe_load((TREE / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    for role, job in zip(("coordinator", "worker"), scraped, strict=True):
        found = job["dns_sd_configs"][0]
        assert found["names"] == [role]
        assert f"--metrics-port={found['port']}" in compose["services"][role]["command"]


def test_health_checks_run_modules_that_exist(compose: dict[str, Any]) -> None:
    for role in ("coordinator", "worker"):
        test = compose["services"][role]["healthcheck"]["test"]
        assert importlib.util.find_spec(test[test.index("-m") + 1]) is not None
        assert test[-1] == role


def test_the_image_copies_all_packages_and_runs_as_no_root() -> None:
    text = (TREE / "Dockerfile").read_text()
    assert "ARG BASE=python:3.12-slim\n" in text
    assert re.search(r"^USER [1-9][0-9]+$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
    assert text.index("requirements.lock") < text.index("pyproject.toml")
    for path in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((TREE / one).exists() for one in path.split())
    included = (TREE / ".dockerignore").read_text().splitlines()
    for package in ("steps", "checkpoint", "orchestrator", "workers"):
        assert f"COPY {package} {package}\n" in text
        assert f"!{package}" in included


def test_the_image_has_the_versions_of_the_lock_and_no_tools_of_development() -> None:
    whole, image = (versions(TREE / path) for path in ("requirements.lock", "deploy/image/requirements.lock"))
    assert image.items() <= whole.items()
    assert not {"pytest", "mypy", "ruff", "uv", "hypothesis"} & image.keys()
    assert {"celery", "redis", "gevent", "opentelemetry-sdk"} <= image.keys()


def versions(path: Path) -> dict[str, str]:
    """Of each package that a lock pins."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,-]+\])?==([^ ;\\]+)", path.read_text(), re.MULTILINE))
