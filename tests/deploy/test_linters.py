"""The manifests and units held against their own linters. `make test-deploy` installs the schemas of Kubernetes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VALIDATE = ROOT / "build" / "deploy-venv" / "bin" / "kubernetes-validate"
MANIFESTS = sorted(path for path in ROOT.glob("deploy/kubernetes/base/*.yaml") if path.name != "kustomization.yaml")

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


@pytest.mark.skipif(shutil.which("kustomize") is None, reason="no kustomize on this machine")
@pytest.mark.parametrize("folder", ["base", "keda"])
def test_kustomize_builds(folder: str, tmp_path: Path) -> None:
    built = run("kustomize", "build", ROOT / "deploy" / "kubernetes" / folder)
    assert built.returncode == 0, built.stderr
    if folder == "base":
        whole = tmp_path / "whole.yaml"
        whole.write_text(built.stdout)
        said = run(VALIDATE, "--strict", "--no-warn", whole)
        assert said.returncode == 0, said.stdout


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
