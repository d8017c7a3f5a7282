"""`purge` and `export`: ended plans leave the ledger, or are written down."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.durations import seconds_in
from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, note, print_json, print_line
from orchestrator.cli.targets import PlanArgument, one_given
from orchestrator.control.mistakes import Mistakes
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.moments import read_moment


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(purge)
    app.command()(export)


def before_of(text: str, option: str) -> datetime | timedelta:
    """A point in time as people give it: ISO 8601 (UTC without a zone), or an age such as ``30d``."""
    if (seconds := seconds_in(text)) is not None:
        return timedelta(seconds=seconds)
    try:
        return read_moment(text)
    except ValueError:
        expected = "expected a time such as 2026-11-24 or 2026-11-24T02:00:00Z, or an age such as 30d, 12h, 90m"
        raise InvalidInput([Problem(option, text, expected)]) from None


@contextmanager
def _as_written(ended_before: str | None) -> Iterator[None]:
    """What the call finds wrong with its ``before`` is told of the option."""
    try:
        yield
    except InvalidInput as error:
        told = [
            Problem("--ended-before", ended_before, one.message) if one.path == "before" else one
            for one in error.problems
        ]
        raise InvalidInput(told) from error


def purge(
    plan_id: PlanArgument = None,
    plan: Annotated[str | None, typer.Option("--plan", help="The same as an option.", show_default=False)] = None,
    ended_before: Annotated[
        str | None,
        typer.Option("--ended-before", help="All that ended before: a time, or an age (30d).", show_default=False),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="PATH", help="Write them down first, as JSON lines.", show_default=False),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also a plan that damaged records keep from its end, once cancelled.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the feed.")] = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Take ended plans out of the ledger, log and all. Tenants keep their last known good config and last mover."""
    from orchestrator import Client
    from orchestrator.control.order_gate import check_patterns
    from orchestrator.control.target import order_of

    wrong = list[Problem]()
    before: datetime | timedelta = timedelta()
    if sum(one is not None for one in (plan_id, plan, ended_before)) != 1:
        wrong.append(Problem("", None, "give one plan, or --ended-before"))
    elif force and ended_before is not None:
        wrong.append(Problem("--force", None, "is for one plan; give its id"))
    if export is not None and export.endswith("/"):
        # A path forgets it, and the file would stand where a folder was meant.
        wrong.append(Problem("--export", export, "names a folder; name a new file"))
    file = None if export is None else Path(export)
    mistakes = Mistakes(wrong)
    if ended_before is not None:
        with mistakes:
            before = before_of(ended_before, "--ended-before")
    plan = plan if plan_id is None else plan_id
    # What the call refuses is told with it.
    if mistakes:
        with mistakes:
            order_of(actor, reason, request_id)
        with mistakes:
            check_patterns(plan_id=plan)
    mistakes.tell()

    def progress(plan_id: str, left: int) -> None:
        if left and sys.stderr.isatty():
            note(f"{plan_id}: {left} tasks left")

    how: dict[str, Any] = {"reason": reason, "actor": actor, "request_id": request_id, "progress": progress}
    with Client() as client:
        if plan is not None:
            result = client.purge(plan, export=file, force=force, **how)
        else:
            with _as_written(ended_before):
                result = client.purge_ended(before, export=file, **how)
    if file is not None and not file.exists():
        # An export is there also when nothing was to be purged; but a request's repeat is answered as the first time.
        note(f"nothing was written to {file}: this request was done before, and what it purged is gone")
    if json_output:
        print_json(result)
        return
    for plan_id in result.purged:
        print_line(f"{plan_id}: purged")
    if not result.purged:
        print_line("nothing to purge")


def export(
    plan_id: PlanArgument = None,
    plan: Annotated[str | None, typer.Option("--plan", help="The same as an option.", show_default=False)] = None,
    json_output: JsonOption = False,
) -> None:
    """Print a plan whole, as JSON lines: the plan, its tasks with their configs, its log. With --json the same."""
    # What it prints is JSON already; every command that reads takes the option.
    del json_output
    from orchestrator import Client
    from orchestrator.control.export import as_text

    plan = one_given(plan_id, plan, "--plan")
    with Client() as client:
        for line in client.export(plan):
            print_line(as_text(line).rstrip("\n"))
