"""What a line of the command is refused with, without a process and without making all commands anew for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from typer.main import get_command

from orchestrator.cli.app import app
from orchestrator.domain.errors import InvalidInput, Problem


@cache
def _made() -> Any:
    return get_command(app)


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command, with the words that it is called by."""
    command = _made() if command is None else command
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from commands(one, (*path, name))
    else:
        yield path, command


def refused(line: Sequence[str]) -> Sequence[Problem]:
    """All that is wrong with the line."""
    with pytest.raises(InvalidInput) as told:
        _made().main(list(line), standalone_mode=False)
    return told.value.problems
