"""Where output goes: JSON alone and tables on standard output, warnings and hints on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from orchestrator.domain.errors import Problem

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else there.")]


def console() -> Console:
    """Standard output for people: colour and box lines in a terminal only, and never folded when redirected."""
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    if isinstance(value, BaseModel):
        value = as_json(value)
    print_line(json.dumps(value, ensure_ascii=False))


def print_line(text: str) -> None:
    """One line, flushed: a reader behind a pipe gets it now. Ends the command well when nobody reads any more."""
    try:
        print(text, flush=True)  # noqa: T201
    except BrokenPipeError:
        # `changeover events | head` has what it wants; without this, the flush at exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def as_json(model: BaseModel) -> Any:
    """The model as JSON values, camelCase."""
    return model.model_dump(by_alias=True, mode="json")


def problem_json(problem: Problem) -> dict[str, Any]:
    """``{path, value, message}``."""
    return {"path": problem.path, "value": problem.value, "message": problem.message}


def print_problems(kind: str, problems: Sequence[Problem]) -> None:
    """One line each on standard error; ``kind`` is ``error`` or ``warning``."""
    for problem in problems:
        print(f"{kind}: {problem}", file=sys.stderr)  # noqa: T201


def note(message: str) -> None:
    """A line for people on standard error."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201
