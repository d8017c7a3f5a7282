"""The manifests and units held against their own linters. `make test-deploy` installs the schemas of Kubernetes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
VALIDATE = ROOT / "build" / "deploy-venv" / "bin" / "kubernetes-validate"
MANIFESTS = sorted(path for path in ROOT.glob("deploy/kubernetes/base/*.yaml") if path.name != "kustomization.yaml")

KUSTOMIZE = next(
    (words for words in (("kustomize", "build"), ("kubectl", "kustomize")) if shutil.which(words[0])), None
)
DASHBOARD = ROOT / "deploy" / "grafana" / "changeover.json"
THROUGH_GRAFANAS_MODELS = """
import json, sys
from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
plugins.register_default_plugins()
print(encoder.JSONEncoder().encode(Dashboard.from_json(json.load(open(sys.argv[1])))))
"""

pytestmark = pytest.mark.skipif("CHANGEOVER_TEST_DEPLOY" not in os.environ, reason="wants linters; make test-deploy")


@pytest.mark.parametrize("version", ["1.31.0", "1.34.0", "1.37.0"])
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifest(path: Path, version: str) -> None:
    said = run(VALIDATE, "--strict", "--no-warn", "-k", version, path)
    assert said.returncode == 0, said.stdout + said.stderr


def test_a_misspelt_field_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "worker.yaml"
    wrong.write_text((ROOT / "deploy/kubernetes/base/worker.yaml").read_text().replace("readinessProbe", "readyProbe"))
    assert run(VALIDATE, "--strict", "--no-warn", wrong).returncode != 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in ROOT.glob("deploy/systemd/*.service"):
        # The program is not installed where the units look for it.
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/changeover/bin/changeover", "/bin/true"))
    said = run("systemd-analyze", "verify", *tmp_path.glob("*.service"))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.skipif(KUSTOMIZE is None, reason="neither kustomize nor kubectl on this machine")
@pytest.mark.parametrize("folder", ["base", "keda"])
def test_kustomize_builds(folder: str, tmp_path: Path) -> None:
    built = run(*KUSTOMIZE or (), ROOT / "deploy" / "kubernetes" / folder)
    assert built.returncode == 0, built.stderr
    if folder == "base":
        whole = tmp_path / "whole.yaml"
        whole.write_text(built.stdout)
        said = run(VALIDATE, "--strict", "--no-warn", whole)
        assert said.returncode == 0, said.stdout


def test_grafana_knows_every_field_of_the_dashboard(tmp_path: Path) -> None:
    """Its models, made from its schemas, of the release in docker-compose.yml: what they do not know is lost."""
    lost = lost_fields(json.loads(DASHBOARD.read_text()), tmp_path)
    assert lost == []


def test_a_misspelt_field_of_the_dashboard_is_found(tmp_path: Path) -> None:
    wrong = json.loads(DASHBOARD.read_text())
    wrong["panels"][5]["fieldConfig"]["defaults"]["custom"]["lineWdth"] = 2
    wrong["panels"][0]["targets"][0]["exprr"] = "up"
    assert len(lost_fields(wrong, tmp_path)) == 2


def lost_fields(dashboard: Any, folder: Path) -> list[str]:
    (folder / "dashboard.json").write_text(json.dumps(dashboard))
    done = run(VALIDATE.with_name("python"), "-c", THROUGH_GRAFANAS_MODELS, folder / "dashboard.json")
    assert done.returncode == 0, done.stderr
    return list(differences(dashboard, json.loads(done.stdout), ""))


def differences(given: Any, read: Any, path: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(read, dict):
        for name, value in given.items():
            yield from differences(value, read.get(name), f"{path}.{name}")
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for position, pair in enumerate(zip(given, read, strict=True)):
            yield from differences(*pair, f"{path}[{position}]")
    elif given != read:
        yield f"{path}: {given!r} became {read!r}"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
