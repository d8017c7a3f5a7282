from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from orchestrator.cli import up as command
from orchestrator.domain.errors import InvalidInput
from orchestrator.embedded.up_options import UpOptions
from orchestrator.settings.model import Settings

app = typer.Typer()
app.command()(command.up)


def test_every_option_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[UpOptions] = []

    def run_up(options: UpOptions, settings: Settings) -> int:
        taken.append(options)
        return 7

    monkeypatch.setattr("orchestrator.embedded.up.run_up", run_up)
    given = "--workers 3 --pool solo --concurrency 5 --flower-port 5555 --redis-port 7000 --data-dir some/where"
    assert CliRunner().invoke(app, given.split()).exit_code == 7
    assert CliRunner().invoke(app, []).exit_code == 7
    assert taken == [UpOptions(3, "solo", 5, 5555, Path("some/where"), 7000), UpOptions()]


def test_a_wrong_pool_is_our_own_error() -> None:
    result = CliRunner().invoke(app, ["--pool", "fork"])
    assert isinstance(result.exception, InvalidInput)
    assert "--pool" in str(result.exception)
