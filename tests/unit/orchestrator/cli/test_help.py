"""`--help`: quick because it loads little, in our words, with examples that the commands take."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestrator.cli import main
from orchestrator.cli.app import app
from orchestrator.cli.examples import EXAMPLES
from tests.support.cli import changeover

HEAVY = {"celery", "kombu", "redis", "pydantic", "rich", "jinja2", "yaml", "httpx", "prompt_toolkit", "structlog"}
MODULES = {"--help": 250, "--version": 300}
OF_A_COMMAND = 370
"""How many modules may be loaded; Python by itself loads 68."""
GROUP = get_command(app)


def walked(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words, a group's own too."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from walked(command, f"{before}{name} ")


BY_WORDS = dict(walked(GROUP))
COMMANDS = sorted(BY_WORDS)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["status", "--help"], ["worker", "--help"]])
def test_help_loads_little(arguments: list[str]) -> None:
    script = "import sys; from orchestrator.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    names = done.stdout.splitlines()[-1].split()
    # A clock would measure the machine: its start takes as long as what it loads.
    assert len(names) <= MODULES.get(arguments[0], OF_A_COMMAND)
    loaded = {name.partition(".")[0] for name in names}
    assert "orchestrator" in loaded
    # Typer itself loads pydantic as soon as it reads a command's arguments.
    assert not loaded & (HEAVY if arguments[0].startswith("-") else HEAVY - {"pydantic"})


def examples() -> list[tuple[str, str]]:
    return [(command, line) for command, lines in EXAMPLES.items() for line in lines]


def test_every_command_has_examples_and_every_example_a_command() -> None:
    assert sorted(EXAMPLES) == COMMANDS


@pytest.mark.parametrize(("command", "line"), examples())
def test_each_example_is_what_its_command_takes(command: str, line: str) -> None:
    inner = re.fullmatch(r"source <\((.*)\)", line)
    program, *words = shlex.split(inner[1] if inner else line.partition(" > ")[0])
    names = command.split()
    assert (program, words[: len(names)]) == ("changeover", names)
    BY_WORDS[command].make_context(names[-1], words[len(names) :])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_plan_is_named_the_same_way_everywhere(command: str) -> None:
    parameters = BY_WORDS[command].params
    takes_a_plan = any("PLAN" in str(one.metavar).split("|") and "plan's id" in told(one) for one in parameters)
    assert not takes_a_plan or any("--plan" in one.opts for one in parameters)


def told(parameter: Any) -> str:
    """Its help; an id of several things may be a plan's."""
    return "plan's id" if "|" in str(parameter.metavar) else parameter.help or ""


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_its_examples_and_fits(
    command: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERMINAL_WIDTH", str(columns))
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(f"\n    {line}\n" in text for line in EXAMPLES[command])
    # Examples are whole lines, whatever the width: they are to be pasted.
    told = text.partition("Examples:")[0].splitlines()
    assert [line for line in told if len(line) > 80] == []


def test_worker_and_flower_help_need_no_redis_and_are_ours(tmp_path: Path) -> None:
    for command, option in (("worker", "--loglevel=INFO"), ("flower", "--logging=info")):
        done = changeover(command, "--help", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: changeover {command} [OPTIONS]\n\n  Run ")
        # Without it they ask for one, as before.
        started = changeover(command, option, folder=tmp_path)
        assert started.returncode == 4


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"changeover \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
