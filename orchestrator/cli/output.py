"""Where output goes: JSON alone and tables on standard output, warnings and hints on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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


def print_json_list(head: Mapping[str, Any], name: str, items: Iterable[Any]) -> None:
    """One JSON document on one line, whose last member is a list that is written as it comes, not held."""
    text = json.dumps(head, ensure_ascii=False)
    start = f"{text[:-1]}{', ' if head else ''}{json.dumps(name)}: ["
    with _readers_may_leave():
        sys.stdout.write(start)
        for number, item in enumerate(items):
            sys.stdout.write((", " if number else "") + json.dumps(item, ensure_ascii=False))
        sys.stdout.write("]}\n")
        sys.stdout.flush()


def print_line(text: str) -> None:
    """One line, flushed: a reader behind a pipe gets it now. Ends the command well when nobody reads any more."""
    with _readers_may_leave():
        print(text, flush=True)  # noqa: T201


@contextmanager
def _readers_may_leave() -> Iterator[None]:
    """Ends the command well when nobody reads any more: `changeover events | head` has what it wants."""
    try:
        yield
    except BrokenPipeError:
        # Without this, the flush at exit would fail once more.
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
