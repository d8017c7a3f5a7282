"""`status`: all plans, one plan a page at a time, or one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import JsonOption, as_json, console, print_json, print_json_list
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.status import TASK_ACTIVE, TaskState

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.answers import TaskStatus

ROWS = 50
"""Rows of a page, unless said otherwise: what a person can look through."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    plan_id: Annotated[str | None, typer.Argument(metavar="[PLAN_ID]", show_default=False)] = None,
    tenant: Annotated[str | None, typer.Option(help="The task that holds, awaits or last moved this tenant.")] = None,
    task: Annotated[str | None, typer.Option(help="One task by its id.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only tasks that failed, or failed to go back.")] = False,
    running: Annotated[bool, typer.Option("--running", help="Only tasks that move or go back.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only tasks that wait for a slot or a tenant.")] = False,
    statuses: Annotated[
        list[str] | None, typer.Option("--status", help="Only tasks in this status; may be given again.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Rows of a page; {ROWS} in a table.", show_default=False)
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Which page, from 1 on.", show_default=False)] = None,
    json_output: JsonOption = False,
) -> None:
    """Show all plans, one plan with its tasks, or one task.

    A plan's table begins with what failed, then what moves, then what waits. JSON holds all tasks in plan order, or the
    page that --limit and --page name.
    """
    given = {"PLAN_ID": plan_id, "--tenant": tenant, "--task": task}
    if sum(value is not None for value in given.values()) > 1:
        names = " and ".join(name for name, value in given.items() if value is not None)
        raise InvalidInput([Problem("", None, f"{names} exclude each other; give one")])
    wanted = _wanted(failed, running, waiting, statuses)
    rows = {"a filter": wanted, "--limit": limit, "--page": page}
    if plan_id is None and (name := next((name for name, value in rows.items() if value is not None), None)):
        raise InvalidInput([Problem("", None, f"{name} is for one plan's tasks; give its PLAN_ID")])
    from orchestrator import Client
    from orchestrator.cli import tables

    with Client() as client:
        if plan_id is not None:
            if json_output:
                _print_plan(client, plan_id, wanted, limit, page)
                return
            size, number = limit or ROWS, page or 1
            offset = (number - 1) * size
            plan = client.status(plan_id, statuses=wanted, limit=size, offset=offset, by_interest=True)
            console().print(tables.plan_table(plan, wanted, page=number, before=offset))
        elif tenant is not None or task is not None:
            found: TaskStatus = client.tenant_status(tenant) if tenant is not None else client.task_status(str(task))
            print_json(found) if json_output else console().print(tables.task_detail(found))
        else:
            plans = client.plans()
            if json_output:
                print_json([as_json(plan) for plan in plans])
            else:
                console().print(tables.plans_table(plans) if plans else "no plans yet: changeover submit PLAN")


def _wanted(failed: bool, running: bool, waiting: bool, statuses: list[str] | None) -> list[str] | None:
    wanted = list(statuses or ())
    wanted += [TaskState.FAILED, TaskState.ROLLBACK_FAILED] if failed else []
    wanted += sorted(TASK_ACTIVE) if running else []
    wanted += [TaskState.PENDING] if waiting else []
    return wanted or None


def _print_plan(client: Client, plan_id: str, wanted: list[str] | None, limit: int | None, page: int | None) -> None:
    if limit is not None or page is not None:
        size = limit or ROWS
        print_json(client.status(plan_id, statuses=wanted, limit=size, offset=((page or 1) - 1) * size))
        return
    # Asked first, so that what is wrong is said before anything is printed.
    head = as_json(client.status(plan_id, statuses=wanted, limit=0))
    del head["tasks"]
    print_json_list(head, "tasks", (as_json(task) for task in client.tasks(plan_id, statuses=wanted)))
