"""`events` and `watch`: the commands that follow what is under way."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.output import JsonOption, as_json, print_json, print_line
from orchestrator.domain.status import PLAN_ENDED_WELL

PlanIdArgument = Annotated[str, typer.Argument(metavar="PLAN_ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(events)
    app.command()(watch)


def events(
    plan: Annotated[str | None, typer.Option(help="Only this plan's events: its whole log, in order.")] = None,
    since: Annotated[int, typer.Option(min=0, max=2**62, help="Only events after this sequence id.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until stopped.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Print events, one a line."""
    from orchestrator import Client
    from orchestrator.cli.event_lines import event_line

    with Client() as client:
        for event in client.events(plan_id=plan, since=since, follow=follow):
            if json_output:
                print_json(event)
            else:
                print_line(event_line(as_json(event)))


def watch(plan_id: PlanIdArgument, json_output: JsonOption = False) -> None:
    """Follow a plan to its end. Exit code 0 when it ended well (completed, or rolled back as asked), else 1."""
    from orchestrator import Client
    from orchestrator.cli.watching import watch_plan

    with Client() as client:
        ended = watch_plan(client, plan_id, json_output)
    if ended not in PLAN_ENDED_WELL:
        raise typer.Exit(1)
