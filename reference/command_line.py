"""The command line's page, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from orchestrator.cli.app import app


def command_line() -> str:
    """A section a command: how it is called, what it does, its options, examples."""
    whole: Any = typer.main.get_command(app)
    parts = [
        "# Command line",
        "Made by `make docs`. Exit codes: [operations](../operations.md#exit-codes); by what one wants: "
        "[operations](../operations.md).",
    ]
    for name in sorted(whole.commands):
        parts.extend(_section(f"changeover {name}", whole.commands[name]))
    return "\n\n".join(parts) + "\n"


def _section(path: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        for name in sorted(command.commands):
            yield from _section(f"{path} {name}", command.commands[name])
        return
    yield f"## {path}"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words = [f"[{_metavar(one)}]" if not one.required else _metavar(one) for one in arguments]
    yield "```text\n" + " ".join([path, "[OPTIONS]", *words]) + "\n```"
    if command.help:
        yield " ".join(command.help.split())
    rows = [
        f"| `{', '.join(one.opts + one.secondary_opts)}` | {_told(one)} |" for one in command.params if _is_told(one)
    ]
    if rows:
        yield "\n".join(["| option | what |", "|---|---|", *rows])
    if command.epilog:
        yield "```text\n" + command.epilog.replace("\b", "").strip() + "\n```"


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _is_told(option: Any) -> bool:
    return option.param_type_name == "option" and not option.hidden


def _told(option: Any) -> str:
    words = " ".join((option.help or "").split()).replace("|", "\\|")
    choices = getattr(getattr(option, "type", None), "choices", None)
    if choices:
        words += f" One of {', '.join(str(getattr(one, 'value', one)) for one in choices)}."
    return words + (" Required." if option.required else "")
