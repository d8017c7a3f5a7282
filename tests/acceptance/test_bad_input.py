"""Every kind of bad input: one message that names field, value and expectation, all of them at once, exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import changeover
from tests.support.right_plan import right_plan, right_tenant


def refused(text: str, folder: Path) -> list[str]:
    """The error lines of ``validate``; standard output stays empty."""
    (folder / "plan.yaml").write_text(text)
    result = changeover("validate", "plan.yaml", folder=folder)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
    assert all(line.startswith("error: ") for line in lines)
    return [line.removeprefix("error: ") for line in lines]


def test_no_file(tmp_path: Path) -> None:
    result = changeover("validate", "absent.yaml", folder=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: absent.yaml: no such file\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "plan.yaml: the file is empty; expected a plan with name, max_concurrency, stages and tenants"),
        ("name: [\n", "plan.yaml: line 2, column 1: not valid YAML: did not find expected node content"),
        ("- a", "plan.yaml: expected a mapping with name, max_concurrency, stages and tenants, not a list"),
    ],
)
def test_not_a_plan(text: str, line: str, tmp_path: Path) -> None:
    assert refused(text, tmp_path) == [line]


def _set(place: Callable[[dict[str, Any]], Any], key: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(plan: dict[str, Any]) -> None:
        place(plan)[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            _set(lambda plan: plan, "max_concurency", 2),
            "max_concurency: unknown key; did you mean 'max_concurrency'? (got 2)",
        ),
        (
            _set(lambda plan: plan, "max_concurrency", "four"),
            "max_concurrency: expected a whole number (got 'four')",
        ),
        (
            _set(lambda plan: plan, "max_concurrency", 0),
            "max_concurrency: expected a whole number of at least 1 (got 0)",
        ),
        (
            _set(lambda plan: plan, "max_concurrency", -1),
            "max_concurrency: expected a whole number of at least 1 (got -1)",
        ),
        (_set(lambda plan: plan, "tenants", []), "tenants: expected at least one of the tenants, the list is empty"),
        (_set(lambda plan: plan, "stages", []), "stages: expected at least one of the stages, the list is empty"),
        (
            lambda plan: plan["tenants"].append(right_tenant("acme")),
            "tenants[1].tenant_id: the same as tenants[0].tenant_id; expected each once (got 'acme')",
        ),
        (
            _set(lambda plan: plan["stages"][0]["steps"][2], "type", "health-chek"),
            "stages[0].steps[2].type: unknown step type; did you mean 'health-check'? (got 'health-chek')",
        ),
        (
            _set(lambda plan: plan["stages"][0]["steps"][0], "key", "a:{{ tenant.tenantid }}"),
            "stages[0].steps[0].key: the name 'tenantid' is undefined; did you mean 'tenant_id'?, for tenants[0] "
            "(got 'a:{{ tenant.tenantid }}')",
        ),
        (
            _set(lambda plan: plan["tenants"][0]["network_endpoints"][0], "value", "gopher://x/"),
            "tenants[0].network_endpoints[0].value: expected an http:// or https:// URL: its scheme is 'gopher' "
            "(got 'gopher://x/')",
        ),
        (
            _set(lambda plan: plan["tenants"][0], "tenant_id", "x" * 200_000),
            "tenants[0].tenant_id: expected text of at most 128 characters (got '" + "x" * 199 + "…)",
        ),
    ],
)
def test_one_message_each(change: Callable[[dict[str, Any]], None], line: str, tmp_path: Path) -> None:
    plan = right_plan()
    change(plan)
    assert refused(json.dumps(plan), tmp_path) == [line]


def test_all_at_once_as_json(tmp_path: Path) -> None:
    plan = right_plan()
    del plan["name"]
    plan["max_concurrency"] = 0
    plan["tenants"][0]["network_endpoints"][0]["value"] = "nothing"
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    result = changeover("validate", "--json", "plan.json", folder=tmp_path)
    assert result.returncode == 2
    answer = json.loads(result.stdout)
    assert set(answer) == {"valid", "errors", "warnings"}
    assert answer["valid"] is False
    assert [error["path"] for error in answer["errors"]] == [
        "name",
        "max_concurrency",
        "tenants[0].network_endpoints[0].value",
    ]
    assert answer["errors"][1] == {
        "path": "max_concurrency",
        "value": 0,
        "message": "expected a whole number of at least 1",
    }


def test_a_right_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(right_plan()))
    result = changeover("validate", "plan.json", folder=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "valid: 1 tenant\n", "")
    result = changeover("validate", "plan.json", "--json", folder=tmp_path)
    assert json.loads(result.stdout) == {"valid": True, "errors": [], "warnings": []}


def test_wrong_use_of_the_command(tmp_path: Path) -> None:
    for arguments in (["validate"], ["nosuch"], ["validate", "a", "b"]):
        result = changeover(*arguments, folder=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        assert "Usage:" in result.stderr
    result = changeover("events", "--since", "-1", "--tenant", "", folder=tmp_path)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["--since", "tenant"]
    result = changeover("status", "p", "--task", "t", folder=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "error: a plain id and --task exclude each other; give one\n"


def test_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(right_plan()))
    environment = {"CHANGEOVER_HEALTH_CHECK__MAX_ATTEMPTS": "none"}
    result = changeover("validate", "plan.json", folder=tmp_path, environment=environment)
    assert result.returncode == 2
    assert "health_check.max_attempts" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_loads_no_celery() -> None:
    code = (
        "import sys, orchestrator.cli.app; sys.exit(any(m.split('.')[0] in ('celery', 'kombu') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_terminal_that_is_not_utf8_gets_escapes(tmp_path: Path) -> None:
    plan = right_plan() | {"Größe": 1}
    (tmp_path / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    # An interpreter of its own: the encoding is decided at its start.
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "orchestrator.cli", "validate", "plan.json"]
    shown = subprocess.run(command, cwd=tmp_path, env=narrow, capture_output=True)
    assert shown.returncode == 2
    assert shown.stderr.startswith(b"error: Gr\\xf6\\xdfe: unknown key")
    answer = subprocess.run([*command, "--json"], cwd=tmp_path, env=narrow, capture_output=True)
    assert json.loads(answer.stdout)["errors"][0]["path"] == "Größe"
