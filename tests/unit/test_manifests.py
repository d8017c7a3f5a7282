"""systemd units and Kubernetes manifests, as far as they can be checked alone; `make test-deploy` goes on."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.observability.metric_names import LEDGER
from orchestrator.settings.model import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES, SYSTEMD = DEPLOY / "kubernetes", DEPLOY / "systemd"


def objects(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


@pytest.fixture(scope="module")
def base() -> dict[tuple[str, str], dict[str, Any]]:
    found = [one for path in KUBERNETES.glob("base/*.yaml") for one in objects(path)]
    return {(one["kind"], one["metadata"]["name"]): one for one in found if one["kind"] != "Kustomization"}


@pytest.mark.parametrize("folder", ["base", "keda"])
def test_a_kustomization_names_what_is_there(folder: str) -> None:
    (found,) = objects(KUBERNETES / folder / "kustomization.yaml")
    named = {(KUBERNETES / folder / name).resolve() for name in found["resources"]}
    assert all(path.exists() for path in named)
    here = {path for path in (KUBERNETES / folder).glob("*.yaml") if path.name != "kustomization.yaml"}
    assert {path.resolve() for path in here} <= named


@pytest.mark.parametrize("role", ["coordinator", "worker", "flower", "console"])
def test_each_role_runs_its_own_command_and_may_do_little(base: dict[Any, Any], role: str) -> None:
    spec = base["Deployment", role]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["args"][0] == role
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["readinessProbe"]
    assert container["livenessProbe"]
    assert container["envFrom"] == [{"secretRef": {"name": "changeover"}}]


@pytest.mark.parametrize(("role", "seconds"), [("coordinator", 20), ("worker", 60)])
def test_plans_outlive_a_drained_node(base: dict[Any, Any], role: str, seconds: int) -> None:
    deployment, budget = base["Deployment", role], base["PodDisruptionBudget", role]
    assert deployment["spec"]["replicas"] == 2
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    spec = deployment["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == seconds
    (container,) = spec["containers"]
    ready = container["readinessProbe"]["exec"]["command"]
    assert ready[-1] == role
    assert importlib.util.find_spec(ready[ready.index("-m") + 1]) is not None
    (port,) = [one["containerPort"] for one in container["ports"]]
    assert f"--metrics-port={port}" in container["args"]
    allowed = base["NetworkPolicy", "metrics-only"]["spec"]["ingress"][0]["ports"]
    assert port in [one["port"] for one in allowed]


def test_settings_exist(base: dict[Any, Any]) -> None:
    data = base["ConfigMap", "changeover"]["data"]
    for name in yaml.safe_load(data["changeover.yaml"]):
        assert name in Settings.model_fields
    text = (KUBERNETES / "base" / "kustomization.yaml").read_text() + (SYSTEMD / "environment.example").read_text()
    for variable in {*re.findall(r"CHANGEOVER_([A-Z_]+)=", text), *(name[11:] for name in data if name.isupper())}:
        assert variable == "CONFIG" or variable.split("__")[0].lower() in Settings.model_fields


def test_workers_are_scaled_by_metrics_that_exist() -> None:
    (scaled,) = objects(KUBERNETES / "keda" / "scaledobject.yaml")
    assert scaled["spec"]["scaleTargetRef"] == {"name": "worker"}
    known = {f"changeover_{name}" for name in LEDGER}
    for trigger in scaled["spec"]["triggers"]:
        for metric in re.findall(r"changeover_\w+", trigger["metadata"]["query"]):
            assert metric.removesuffix("_bucket") in known
            # What is not served while a server is away ends no workers; without turns there is no lag at all.
            assert trigger["metadata"]["ignoreNullValues"] == str("_lag_" in metric).lower()


@pytest.mark.parametrize("role", ["coordinator", "worker@", "console", "flower"])
def test_units_run_their_commands(role: str) -> None:
    unit = (SYSTEMD / f"changeover-{role}.service").read_text()
    assert f"ExecStart=/opt/changeover/bin/changeover {role.removesuffix('@')} " in unit
    assert "\nRestart=always\n" in unit
    assert "\nUser=changeover\n" in unit
    if role in ("coordinator", "worker@"):
        assert "\nType=notify\n" in unit
        assert "\nWatchdogSec=60\n" in unit


def test_no_command_has_a_secret() -> None:
    """Whoever may list processes sees commands. What is secret is in files and variables of those who need it."""
    started = [line for path in SYSTEMD.glob("*.service") for line in path.read_text().splitlines() if "Exec" in line]
    for path in KUBERNETES.glob("base/*.yaml"):
        started += re.findall(r"^.*\b(?:args|command): .*$", path.read_text(), re.MULTILINE)
    assert len(started) >= 6
    for line in started:
        assert not re.search(r"\$|auth|passw|secret|://", line, re.IGNORECASE), line
