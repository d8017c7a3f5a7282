"""Where output goes: JSON alone and tables on standard output, warnings and hints on standard error.

The one gate: nothing else in the command line writes to the terminal, and what goes through here cannot steer it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, TextIO

import typer
from pydantic import BaseModel
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from orchestrator.domain.errors import ChangeoverError, Problem, error_lines
from orchestrator.domain.printable import printable, printable_block, printable_json

LONGEST_NOTE: Final = 1500
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else there.")]


def forgive_narrow_streams() -> None:
    """A terminal that is not UTF-8 gets escapes for what it cannot show, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


class _Gate(Console):
    """A console whose every piece of text is escaped when it is drawn; its own controls (colour, cursor) are not."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable_block(segment.text), segment.style)


def console() -> Console:
    """Standard output for tables: colour and box lines in a terminal only, and never folded when redirected."""
    return _Gate(soft_wrap=not sys.stdout.isatty(), highlight=False)


def cell(text: str, style: str = "") -> Text:
    """Text within a table: one line, whatever it holds."""
    return Text(printable(text), style=style)


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    if isinstance(value, BaseModel):
        value = as_json(value)
    _write(sys.stdout, _json_text(value))


def print_json_list(head: Mapping[str, Any], name: str, items: Iterable[Any]) -> None:
    """One JSON document on one line, whose last member is a list that is written as it comes, not held."""
    text = _json_text(head)
    start = f"{text[:-1]}{', ' if head else ''}{json.dumps(name)}: ["
    with _readers_may_leave(sys.stdout):
        sys.stdout.write(start)
        for number, item in enumerate(items):
            sys.stdout.write((", " if number else "") + _json_text(item))
        sys.stdout.write("]}\n")
        sys.stdout.flush()


def print_line(text: str) -> None:
    """One line, flushed: a reader behind a pipe gets it now. Ends the command well when nobody reads any more."""
    _write(sys.stdout, printable(text))


def as_json(model: BaseModel) -> Any:
    """The model as JSON values, camelCase."""
    return model.model_dump(by_alias=True, mode="json")


def problem_json(problem: Problem) -> dict[str, Any]:
    """``{path, value, message}``."""
    return {"path": problem.path, "value": problem.value, "message": problem.message}


def print_problems(kind: str, problems: Sequence[Problem]) -> None:
    """One line each on standard error; ``kind`` is ``error`` or ``warning``."""
    for problem in problems:
        note(f"{kind}: {problem}")


def print_error(error: ChangeoverError) -> None:
    """The message on standard error, one line a problem."""
    for line in error_lines(error):
        note(line)


def note(message: str) -> None:
    """A line for people on standard error; of an endless name or argument it shows the beginning."""
    line = printable(message)
    _write(sys.stderr, line if len(line) <= LONGEST_NOTE else line[:LONGEST_NOTE] + "…")


def _json_text(value: Any) -> str:
    narrow = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return printable_json(json.dumps(value, ensure_ascii=narrow))


def _write(stream: TextIO, text: str) -> None:
    with _readers_may_leave(stream):
        print(text, file=stream, flush=True)


@contextmanager
def _readers_may_leave(stream: TextIO) -> Iterator[None]:
    """Ends the command well when nobody reads any more: `changeover events | head` has what it wants."""
    try:
        yield
    except BrokenPipeError:
        # Without this, the flush at exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise typer.Exit(0) from None
