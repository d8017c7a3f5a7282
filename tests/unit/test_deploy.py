"""Alert rules and dashboard: each alert has its runbook, and promtool finds that each fires for its cause."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "changeover.rules.yml"
CASES = RULES.with_name("changeover.rules.test.yml")
ALERTS = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        reason = "no promtool on this machine (Debian: prometheus)"
        if os.environ.get("CI"):
            pytest.fail(reason + "; .ci/run installs it")
        pytest.skip(reason)
    return found


@pytest.mark.parametrize(("kind", "file"), [("check", RULES), ("test", CASES)], ids=["check", "test"])
def test_promtool_takes_the_rules(kind: str, file: Path, promtool: str) -> None:
    done = subprocess.run([promtool, kind, "rules", file.name], cwd=file.parent, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_configuration(promtool: str) -> None:
    file = RULES.with_name("prometheus.yml")
    done = subprocess.run([promtool, "check", "config", file], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_panel_lies_on_another() -> None:
    panels = json.loads((ROOT / "deploy" / "grafana" / "changeover.json").read_text())["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels) == len({panel["title"] for panel in panels})


def test_every_alert_has_a_case() -> None:
    named = set(re.findall(r'alertname(?:="|: )(\w+)', CASES.read_text()))

    assert named == {alert["alert"] for alert in ALERTS}


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    # Further chapters are of `explain` and `doctor`.
    page = (ROOT / "docs" / "runbooks.md").read_text().split("\n# What ")[0]
    sections = re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)

    assert [name for name, _ in sections] == [alert["alert"] for alert in ALERTS]
    for alert in ALERTS:
        assert alert["annotations"]["runbook_url"] == f"docs/runbooks.md#{alert['alert'].lower()}"
    for name, text in sections:
        assert re.findall(r"^\*\*(.+?):\*\*", text, re.MULTILINE) == ["Means", "Look at", "Do"], name
