"""`events` and `watch`: the commands that follow what is under way."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.output import JsonOption, as_json, print_json, print_line
from orchestrator.cli.targets import PlanArgument, PlanOption, complete_plan, one_given
from orchestrator.domain.errors import Problem
from orchestrator.domain.status import PLAN_ENDED_WELL
from orchestrator.domain.whole_numbers import whole_problems


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(events)
    app.command()(watch)


def complete_type(incomplete: str) -> list[str]:
    """Types of events for the shell."""
    from orchestrator.control.event_filter import EVENT_NAMES

    return [name for name in EVENT_NAMES if name.startswith(incomplete)]


def events(
    plan_id: PlanArgument = None,
    plan: Annotated[
        str | None,
        typer.Option(help="Only this plan's events: its whole log, in order.", autocompletion=complete_plan),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only events of this type; may be given again.", autocompletion=complete_type),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Only this tenant's; 'eu-*' is all that begin so.")
    ] = None,
    since: Annotated[int, typer.Option(help="Only events after this sequence id.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until stopped.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Print events, one a line, the oldest first."""
    from orchestrator import Client
    from orchestrator.cli.event_lines import event_line
    from orchestrator.control.event_filter import EventFilter
    from orchestrator.control.mistakes import Mistakes
    from orchestrator.control.order_gate import check_patterns

    twice = plan_id is not None and plan is not None
    mistakes = Mistakes([Problem("--plan", None, "the plan is given twice")] if twice else ())
    mistakes.found += whole_problems("--since", since)
    of_plan = plan if plan_id is None else plan_id
    with mistakes:
        wanted = EventFilter(types, tenant)
    with mistakes:
        check_patterns(plan_id=of_plan)
    mistakes.tell()
    with Client() as client:
        for event in client.events(plan_id=of_plan, since=since, follow=follow):
            if wanted.passes(event):
                print_json(event) if json_output else print_line(event_line(as_json(event)))


def watch(
    plan_id: PlanArgument = None,
    plan: PlanOption = None,
    json_output: JsonOption = False,
) -> None:
    """Follow a plan to its end. Exit code 0 when it ended well (completed, or rolled back as asked), else 1.

    In a terminal a live screen; the key ? shows its keys, q or Ctrl-C leaves it, and the plan goes on. Redirected, one
    line an event.
    """
    from orchestrator import Client
    from orchestrator.cli.watch import watch_plan

    followed = one_given(plan_id, plan, "--plan")
    with Client() as client:
        ended = watch_plan(client, followed, json_output)
    if ended not in PLAN_ENDED_WELL:
        raise typer.Exit(1)
