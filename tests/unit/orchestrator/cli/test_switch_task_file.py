"""A list of the old executor's configs on the command line: what is wrong is told in its words, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orchestrator.cli import main

SERVICES = {"portal": {"steps": [{"type": "noop"}]}}
GOOD = {"planId": 4711, "tenantId": 7, "deployUnitVersion": 42, "serviceNames": ["portal"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.yaml").write_text(yaml.safe_dump({"services": SERVICES}))
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(tmp_path / "app.yaml"))
    monkeypatch.setenv("CHANGEOVER_DATA_DIR", str(tmp_path))
    return tmp_path


def validate(folder: Path, configs: object, *options: str) -> object:
    path = folder / "configs.json"
    path.write_text(json.dumps(configs))
    with pytest.raises(SystemExit) as ended:
        main(["validate", "--format", "switch-task", str(path), *options])
    return ended.value.code


def test_what_is_wrong_is_told_of_the_list_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [GOOD, None, GOOD | {"tenantId": "two words", "trunkGrup": 1}]
    assert validate(folder, wrong) == 2
    assert [line.partition(": ")[2].partition(": ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "configs[1]",
        "configs[2].trunkGrup",
        "configs[2].tenantId",
    ]
    assert validate(folder, wrong, "--json") == 2
    told = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in told["errors"]] == ["configs[1]", "configs[2].trunkGrup", "configs[2].tenantId"]


def test_so_is_what_the_check_alone_finds_or_warns_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(folder, [GOOD | {"deployUnitName": 7}], "--json") == 2
    told = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in told["errors"]] == ["configs[0].deployUnitName"]
    assert validate(folder, [GOOD, GOOD | {"tenantId": "\u0430"}, GOOD | {"tenantId": "a"}], "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["path"] for one in told["warnings"]} >= {"configs", "configs[2].tenantId"}
    assert "tenants[" not in json.dumps(told)
    # Nor of a cap that nobody has set.
    assert "max_concurrency" not in json.dumps(told)
