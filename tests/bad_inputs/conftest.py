"""Commands and checks in the test's own process, without the settings of whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli import main, output
from orchestrator.domain.errors import Problem
from orchestrator.domain.printable import steering_character

NOBODY = "redis://someone:hunter2@127.0.0.1:1/0"
"""A server that is not there: a command that gets as far as writing ends with exit code 4, not 2."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; ``errors``, ``warnings`` and ``usage`` without their first word."""

    code: int
    out: str
    errors: list[str]
    warnings: list[str]
    usage: list[str]


Run = Callable[[Sequence[str]], Ended]
Printed = Callable[[Iterable[Problem]], list[str]]


def judge(printed: str) -> dict[str, list[str]]:
    """What holds for every bad input: lines of ours and nothing else, each once, none that steers or tells a secret."""
    found: dict[str, list[str]] = {"error": [], "warning": [], "Usage": []}
    for line in printed.split("\n")[:-1]:
        kind, colon, rest = line.partition(": ")
        assert colon, f"no line of ours: {line[:200]!r}"
        assert kind in found, f"no line of ours: {line[:200]!r}"
        assert steering_character(line) is None, line
        assert len(line) < 2000
        assert "hunter2" not in line
        found[kind].append(rest)
    for lines in found.values():
        assert len(set(lines)) == len(lines), f"said twice: {printed}"
    return found


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith("CHANGEOVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", NOBODY)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command and judges what it prints."""

    def run_command(arguments: Sequence[str]) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, printed.out, *judge(printed.err).values())

    return run_command


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Problems as a command would print them, judged: what most cases need, at a tenth of a command's cost."""

    def print_them(problems: Iterable[Problem]) -> list[str]:
        output.print_problems("error", list(problems))
        return judge(capsys.readouterr().err)["error"]

    return print_them
