"""The command line. Exit codes: 0 good, 1 ended badly, 2 bad input, 3 not found or not allowed, 4 unreachable."""

from __future__ import annotations

import re
import sys

from orchestrator.domain.errors import LEFT, ChangeoverError, InvalidInput, Problem

_NOT_UTF8 = re.compile("[\ud800-\udfff]")


def main(arguments: list[str] | None = None) -> None:
    """Run one command (default: the process' arguments) and exit; a user's mistake is a message, never a traceback."""
    try:
        _run(arguments)
    except KeyboardInterrupt:
        # Outside of any command: while modules are loaded, or while the process ends. Typer does the same within.
        sys.exit(LEFT)


def _run(arguments: list[str] | None) -> None:
    # Imported here: `orchestrator.cli.tables` and the like are imported by tests without building the whole app.
    from orchestrator.cli.app import run
    from orchestrator.cli.output import finish_output, lost_output, print_error, ready_streams

    ready_streams()
    try:
        given = sys.argv[1:] if arguments is None else arguments
        _require_utf8(given)
        code = run(given)
        finish_output()
    except (ChangeoverError, OSError) as error:
        failure = error if isinstance(error, ChangeoverError) else lost_output(error)
        if failure is None:
            raise
        print_error(failure)
        code = failure.exit_code
    sys.exit(code)


def _require_utf8(arguments: list[str]) -> None:
    problems = [
        Problem(f"argument {number}", argument, "expected text in UTF-8")
        for number, argument in enumerate(arguments, 1)
        if _NOT_UTF8.search(argument)
    ]
    if problems:
        raise InvalidInput(problems)
