"""Every command with odd arguments: wrong use is told in one line with the usage, an odd name is merely not there."""

from __future__ import annotations

import pytest

from orchestrator.cli.app import app
from tests.bad_inputs.conftest import Run
from tests.support.bad_inputs import SPELLINGS
from tests.support.long import mostly_long

STAYS = {"up", "coordinator", "worker", "flower", "console"}
"""Commands that start something, or hand everything on."""
MISSING = ("reason: say why", "--until: missing", "give exactly one of")
"""How what is not given at all begins to be told, beside what is wrong with what is given."""


def commands() -> list[str]:
    callbacks = [(info.name, info.callback) for info in app.registered_commands]
    return [name or str(callback.__name__) for name, callback in callbacks if callback is not None]


ENDING = [name for name in commands() if name not in STAYS]


@pytest.mark.parametrize("command", mostly_long(ENDING, *ENDING[::2]))
def test_every_argument(command: str, run: Run) -> None:
    forms: tuple[list[str], ...] = ([], ["--plan"], ["--tenant"], ["--task"], ["--nosuch"], ["x"])
    for number, text in enumerate(SPELLINGS):
        # Each form with some of the texts: all with all would take a command a second.
        for arguments in ([*forms[number % len(forms)], text], [f"--{text}"]):
            ended = run([command, *arguments])
            assert ended.code in (0, 2, 3, 4), (arguments, ended)
            given = [line for line in ended.errors if not line.startswith(MISSING)]
            assert len(given) <= 1, (arguments, ended)
            assert len(ended.errors) == len(set(ended.errors)), (arguments, ended)
            assert ended.code == 0 or ended.errors
            assert ended.code == 0 or ended.out == ""


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_command_name(text: str, run: Run) -> None:
    ended = run([text])
    assert (ended.code, ended.out, len(ended.errors)) == (2, "", 1)
