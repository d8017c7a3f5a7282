"""The command line. Exit codes: 0 good, 1 ended badly, 2 bad input, 3 not found or not allowed, 4 unreachable."""

from __future__ import annotations

import sys

from orchestrator.domain.errors import ChangeoverError


def main(arguments: list[str] | None = None) -> None:
    """Run one command (default: the process' arguments) and exit; a user's mistake is a message, never a traceback."""
    # Imported here: `orchestrator.cli.tables` and the like are imported by tests without building the whole app.
    from orchestrator.cli.app import app

    try:
        app(args=arguments, prog_name="changeover")
    except ChangeoverError as error:
        print_error(error)
        sys.exit(error.exit_code)


def print_error(error: ChangeoverError) -> None:
    """The message on standard error, one line a problem."""
    for line in str(error).splitlines() or [error.code]:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201
