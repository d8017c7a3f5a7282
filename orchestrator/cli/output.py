"""Where output goes: JSON or YAML alone and tables on standard output, warnings and hints on standard error.

The one gate for text (drawings go through ``drawing.py``): nothing else in the command line writes to the terminal, and
what goes through here cannot steer it. Loads neither rich nor pydantic: every command loads this module.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO

import typer

from orchestrator.domain.errors import ChangeoverError, NotAllowed, OutputLost, Problem
from orchestrator.domain.printable import printable, printable_block, printable_json

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.control.answers import OperationResult

LONGEST_NOTE: Final = 1500
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else there.")]


def ready_streams() -> None:
    """A terminal that is not UTF-8 gets escapes for what it cannot show; a closed stream swallows: no traceback."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (kept open, as the other is)
            continue
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """One JSON document on one line."""
    _write(_json_text(as_json(value) if hasattr(value, "model_dump") else value))


def print_json_list(head: Mapping[str, Any], name: str, items: Iterable[Any]) -> None:
    """One JSON document on one line, whose last member is a list that is written as it comes, not held."""
    text = _json_text(head)
    start = f"{text[:-1]}{', ' if head else ''}{json.dumps(name)}: ["
    with _readers_may_leave():
        sys.stdout.write(start)
        for number, item in enumerate(items):
            sys.stdout.write((", " if number else "") + _json_text(item))
        sys.stdout.write("]}\n")
        sys.stdout.flush()


def print_block(text: str) -> None:
    """Lines of ours; what stands in them was escaped before."""
    _write(printable_block(text))


def print_line(text: str) -> None:
    """One line, flushed: a reader behind a pipe gets it now. Ends the command well when nobody reads any more."""
    _write(printable(text))


def as_json(model: BaseModel) -> Any:
    """The model as JSON values, camelCase."""
    return model.model_dump(by_alias=True, mode="json")


def problem_json(problem: Problem) -> dict[str, Any]:
    """``{path, value, message}``, without secrets."""
    # Loaded here, see above.
    from orchestrator.observability.refusals import problem_without_secrets

    shown = problem_without_secrets(problem)
    return {"path": shown.path, "value": shown.value, "message": shown.message}


def print_problems(kind: str, problems: Sequence[Problem]) -> None:
    """One line each on standard error; ``kind`` is ``error`` or ``warning``."""
    # Loaded here, see above.
    from orchestrator.observability.refusals import without_secrets

    for problem in problems:
        note(f"{kind}: {without_secrets(str(problem))}")


def print_error(error: ChangeoverError) -> None:
    """The message on standard error, one line a problem."""
    # Loaded here, see above.
    from orchestrator.observability.refusals import refusal_lines

    for line in refusal_lines(error):
        note(line)


def note(message: str) -> None:
    """A line for people on standard error; of an endless name or argument it shows the beginning.

    Where standard error cannot be written (its disk is full, its reader left) the line is lost: the exit code tells.
    """
    line = printable(message)
    try:
        _put(sys.stderr, line if len(line) <= LONGEST_NOTE else line[:LONGEST_NOTE] + "…")
    except OSError:
        _to_nowhere(sys.stderr)


def print_answer(result: OperationResult, done: str, refused: str, *, json_output: bool) -> None:
    """What became of an operation: ``done`` as a line, or its JSON, also of a refused one. Raises ``NotAllowed`` with
    ``refused`` when it was not accepted; with JSON the sentence goes to stderr and ``typer.Exit`` ends the command."""
    if json_output:
        print_json(result)
    elif result.accepted:
        print_line(done)
    if result.accepted:
        return
    if not json_output:
        raise NotAllowed(refused)
    print_error(NotAllowed(refused))
    raise typer.Exit(NotAllowed.exit_code)


def finish_output() -> None:
    """Write what the process still holds back; OSError when it cannot be written."""
    sys.stdout.flush()


def lost_output(error: OSError) -> OutputLost | None:
    """What to say of output that could not be written (its disk is full); None when the error is another one."""
    if error.errno not in _NO_ROOM:
        return None
    _to_nowhere(sys.stdout)
    return OutputLost(f"the output cannot be written: {error.strerror}; what was asked for may have been done")


def _json_text(value: Any) -> str:
    narrow = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return printable_json(json.dumps(value, ensure_ascii=narrow))


def _write(text: str) -> None:
    with _readers_may_leave():
        _put(sys.stdout, text)


def _put(stream: TextIO, text: str) -> None:
    print(text, file=stream, flush=True)


@contextmanager
def _readers_may_leave() -> Iterator[None]:
    """Ends the command well when nobody reads any more: `changeover events | head` has what it wants."""
    try:
        yield
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
        raise typer.Exit(0) from None


def _to_nowhere(stream: TextIO) -> None:
    """Without this, the flush at exit would fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
