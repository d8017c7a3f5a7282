"""The compose file and the image, as far as they can be checked without Docker."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers

TREE = Path(__file__).parents[2]
ROLES = ("coordinator", "worker", "flower")


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


def test_redis_keeps_what_it_is_told(compose: dict[str, Any]) -> None:
    redis = compose["services"]["redis"]
    assert redis["command"][1:3] == ["--appendonly", "yes"]
    assert any(volume.endswith(":/data") for volume in redis["volumes"])
    assert "ports" not in redis


def test_the_environment_holds_settings_that_exist(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    environment = compose["services"]["worker"]["environment"]
    for name, value in environment.items():
        assert name.removeprefix("CHANGEOVER_").lower() in Settings.model_fields
        monkeypatch.setenv(name, value)
    assert find_servers(Settings()).broker_url == "redis://redis:6379/1"


def test_health_checks_run_modules_that_exist(compose: dict[str, Any]) -> None:
    for role in ("coordinator", "worker"):
        test = compose["services"][role]["healthcheck"]["test"]
        assert importlib.util.find_spec(test[test.index("-m") + 1]) is not None
        assert test[-1] == role


def test_the_image_copies_all_packages_and_runs_as_no_root() -> None:
    text = (TREE / "Dockerfile").read_text()
    assert text.startswith("FROM python:3.12-slim\n")
    assert re.search(r"^USER changeover$", text, re.MULTILINE)
    assert text.index("requirements.lock") < text.index("pyproject.toml")
    included = (TREE / ".dockerignore").read_text().splitlines()
    for package in ("steps", "checkpoint", "orchestrator", "workers"):
        assert f"COPY {package} {package}\n" in text
        assert f"!{package}" in included
