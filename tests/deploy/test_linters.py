"""The manifests and units held against their own linters. `make test-deploy` installs the schemas of Kubernetes."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kubernetes_schemas import write_schemas

ROOT = Path(__file__).parents[2]
VALIDATE = ROOT / "build" / "deploy-venv" / "bin" / "kubernetes-validate"
MANIFESTS = sorted(path for path in ROOT.glob("deploy/kubernetes/base/*.yaml") if path.name != "kustomization.yaml")

KUSTOMIZE = next(
    (words for words in (("kustomize", "build"), ("kubectl", "kustomize")) if shutil.which(words[0])), None
)
DASHBOARD = ROOT / "deploy" / "grafana" / "changeover.json"
KUBECONFORM = ROOT / "build" / "kubeconform"
KINDS = (
    *("deployment-apps-v1", "poddisruptionbudget-policy-v1", "networkpolicy-networking-v1"),
    *("service-v1", "namespace-v1", "serviceaccount-v1", "configmap-v1"),
)
NODE = shutil.which("node")
KEDA = ROOT / "build" / "keda" / "node_modules"
THROUGH_KEDAS_MODELS = """
const {ScaledObject} = require("@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject");
try { new ScaledObject(JSON.parse(process.argv[1])).validate(); console.log("right"); }
catch (error) { console.log(error.message); }
"""
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


@pytest.mark.skipif(not KUBECONFORM.exists(), reason="no Go on this machine to make kubeconform")
@pytest.mark.parametrize("version", ["1.31.0", "1.34.0", "1.37.0"])
def test_kubeconform_takes_the_manifests(version: str, tmp_path: Path) -> None:
    (schemas,) = VALIDATE.parents[1].glob(f"lib/python3*/site-packages/kubernetes_validate/*/v{version}-local-strict")
    write_schemas(schemas, tmp_path, KINDS)
    asked = ("-strict", "-summary", "-schema-location", f"{tmp_path}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json")
    said = run(KUBECONFORM, *asked, *MANIFESTS)
    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"Valid: \d\d, Invalid: 0, Errors: 0, Skipped: 0", said.stdout)
    wrong = tmp_path / "worker.yaml"
    wrong.write_text((ROOT / "deploy/kubernetes/base/worker.yaml").read_text().replace("readinessProbe", "readyProbe"))
    assert "Deployment worker is invalid" in run(KUBECONFORM, *asked, wrong).stdout


@pytest.mark.skipif(not KEDA.exists() or NODE is None, reason="no node on this machine, or no models of KEDA")
def test_keda_takes_its_object() -> None:
    ours = yaml.safe_load((ROOT / "deploy/kubernetes/keda/scaledobject.yaml").read_text())
    lacking = copy.deepcopy(ours)
    del lacking["spec"]["triggers"][0]["type"]
    wrong = copy.deepcopy(ours)
    wrong["spec"]["maxReplicaCount"] = "many"
    said = [
        run(NODE or "node", "-e", THROUGH_KEDAS_MODELS, json.dumps(one), folder=KEDA.parent).stdout.strip()
        for one in (ours, lacking, wrong)
    ]
    assert said[0] == "right"
    assert "must have required property type" in said[1]
    assert "maxReplicaCount must be integer" in said[2]


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


def run(*command: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=60)
