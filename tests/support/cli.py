"""The command line, in a process of its own as a user has it, or in the test's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import main
from tests.support.processes import run


def changeover(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run ``changeover ARGUMENTS`` to its end, without the settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    return run([str(argument) for argument in arguments], {**clean, **(environment or {})}, folder, timeout)


def in_this_process(*arguments: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of ``changeover ARGUMENTS``, and all that it printed."""
    with CliRunner().isolation(env=environment) as (_, _, printed):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.getvalue().decode()
