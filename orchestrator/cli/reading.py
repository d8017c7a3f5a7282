"""`status`, `events` and `watch`: the commands that read what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import JsonOption, as_json, console, print_json, print_line
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.status import PLAN_ENDED_WELL

if TYPE_CHECKING:
    from orchestrator.control.answers import TaskStatus

PlanIdArgument = Annotated[str, typer.Argument(metavar="PLAN_ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)
    app.command()(events)
    app.command()(watch)


def status(
    plan_id: Annotated[str | None, typer.Argument(metavar="[PLAN_ID]", show_default=False)] = None,
    tenant: Annotated[str | None, typer.Option(help="The task that holds, awaits or last moved this tenant.")] = None,
    task: Annotated[str | None, typer.Option(help="One task by its id.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Show all plans, one plan with its tasks, or one task."""
    given = {"PLAN_ID": plan_id, "--tenant": tenant, "--task": task}
    if sum(value is not None for value in given.values()) > 1:
        names = " and ".join(name for name, value in given.items() if value is not None)
        raise InvalidInput([Problem("", None, f"{names} exclude each other; give one")])
    from orchestrator import Client
    from orchestrator.cli import tables

    with Client() as client:
        if plan_id is not None:
            plan = client.status(plan_id)
            print_json(plan) if json_output else console().print(tables.plan_table(plan))
        elif tenant is not None or task is not None:
            found: TaskStatus = client.tenant_status(tenant) if tenant is not None else client.task_status(str(task))
            print_json(found) if json_output else console().print(tables.task_detail(found))
        else:
            plans = client.plans()
            if json_output:
                print_json([as_json(plan) for plan in plans])
            else:
                console().print(tables.plans_table(plans) if plans else "no plans yet: changeover submit PLAN")


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
