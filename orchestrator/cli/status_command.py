"""`status`: all plans, one plan a page at a time, or one task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.formats import Format, FormatOption, chosen_format, print_list, print_value
from orchestrator.cli.output import JsonOption, as_json, note
from orchestrator.cli.targets import IdArgument, PlanOption, TaskOption, all_hold, at_most_one
from orchestrator.domain.errors import ChangeoverError, Problem
from orchestrator.domain.status import TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.whole_numbers import whole_problems

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.answers import PurgedTenant
    from orchestrator.control.task_rows import Wanted

TABLE_ROWS = 50
"""Rows of a page, unless said otherwise: what a person can look through."""

MOST_ROWS = 10**9
"""And pages."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    identifier: IdArgument = None,
    plan: PlanOption = None,
    tenant: Annotated[
        str | None,
        typer.Option(help="Alone: the task that holds, awaits or last moved it. Of a plan: tenants like 'eu-*'."),
    ] = None,
    task: TaskOption = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only tasks that failed, or failed to go back.")] = False,
    running: Annotated[bool, typer.Option("--running", help="Only tasks that move or go back.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only tasks that wait for a slot or a tenant.")] = False,
    statuses: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            help="Only tasks in this status; may be given again.",
            autocompletion=lambda: [state.value for state in TaskState],
        ),
    ] = None,
    cause: Annotated[
        str | None, typer.Option(help="Only failures of this type, such as HealthCheckFailed or 'Health*'.")
    ] = None,
    wave: Annotated[str | None, typer.Option(help="Only tasks of this wave.", show_default=False)] = None,
    limit: Annotated[
        int | None, typer.Option(help=f"Rows of a page, from 1 on; {TABLE_ROWS} in a table.", show_default=False)
    ] = None,
    page: Annotated[int | None, typer.Option(help="Which page, from 1 on.", show_default=False)] = None,
    wide: Annotated[bool, typer.Option("--wide", help="More columns, and no text cut.")] = False,
    output: FormatOption = None,
    json_output: JsonOption = False,
) -> None:
    """Show all plans, one plan with its tasks, or one task.

    A plan's table begins with what failed, then what moves, then what waits. JSON and YAML hold all tasks in plan
    order, or the page that --limit and --page name.
    """
    wanted: Wanted = {"statuses": _wanted(failed, running, waiting, statuses), "cause": cause, "wave": wave}
    from orchestrator import Client
    from orchestrator.control.order_gate import pattern_problems
    from orchestrator.control.task_rows import page_problems

    # Before anything is asked for: a mistake is one whether there is such a plan or not.
    wrong = pattern_problems(identifier=identifier, plan_id=plan, task_id=task)
    wrong += page_problems({**wanted, "tenants": tenant})
    for option, number in (("--limit", limit), ("--page", page)):
        wrong += [] if number is None else whole_problems(option, number, 1, MOST_ROWS)
    checks: list[Callable[[], object]] = [
        partial(chosen_format, json_output, output),
        partial(at_most_one, {"a plain id": identifier, "--plan": plan, "--task": task}),
    ]
    if identifier is None and plan is None:
        rows = {"a filter": wanted["statuses"] or cause or wave, "--limit": limit, "--page": page}
        if name := next((name for name, value in rows.items() if value is not None), None):
            wrong.append(Problem("", None, f"{name} is for one plan's tasks; give its PLAN_ID"))
        checks.append(partial(at_most_one, {"--tenant": tenant, "--task": task}))
    all_hold(*checks, wrong=wrong)
    form = chosen_format(json_output, output)
    with Client() as client:
        found = None if identifier is None else client.target(identifier, plan_first=True)
        of_plan = found.identifier if found is not None and found.type == "plan" else plan
        if of_plan is not None:
            _show_plan(client, of_plan, {**wanted, "tenants": tenant}, limit, page, wide, form)
        elif found is not None and found.type == "task":
            _show_task(client, None, found.identifier, form)
        elif found is not None or tenant is not None or task is not None:
            _show_task(client, found.identifier if found else tenant, task, form)
        else:
            show_plans(client, form)


def _wanted(failed: bool, running: bool, waiting: bool, statuses: list[str] | None) -> list[str] | None:
    wanted = list(statuses or ())
    wanted += [TaskState.FAILED, TaskState.ROLLBACK_FAILED] if failed else []
    wanted += sorted(TASK_ACTIVE) if running else []
    wanted += [TaskState.PENDING] if waiting else []
    return wanted or None


def show_plans(client: Client, form: Format) -> None:
    """All of them, and under a table that nobody is alive who would move them."""
    plans = client.plans()
    if form != "table":
        print_value([as_json(plan) for plan in plans], form)
        return
    from orchestrator.cli import drawing, tables
    from orchestrator.control.unserved import SERVED, is_unserved

    drawing.show(tables.plans_table(plans) if plans else "no plans yet: changeover submit PLAN")
    # That nobody is alive is so of each that is to move: of one that does, who is missing is known best.
    waiting = (one for one in plans if one.status in SERVED)
    moving = min(waiting, key=lambda one: one.status != PlanState.RUNNING, default=None)
    # It may be purged by now, and the list is told.
    with suppress(ChangeoverError):
        if moving is not None and is_unserved(plan := client.summary(moving.plan_id)):
            note(f"plan {plan.plan_id}: {plan.waits_because}")


def _show_task(client: Client, tenant: str | None, task: str | None, form: Format) -> None:
    left = client.purged_tenant(tenant) if tenant is not None else None
    if left is not None:
        _show_left(left, form)
        return
    found = client.tenant_status(tenant) if tenant is not None else client.task_status(str(task))
    if form != "table":
        print_value(as_json(found), form)
        return
    from orchestrator.cli import drawing, tables

    drawing.show(tables.task_detail(found))


def _show_left(left: PurgedTenant, form: Format) -> None:
    if form != "table":
        print_value(as_json(left), form)
        return
    from orchestrator.cli import drawing, tables

    drawing.show(tables.purged_tenant_detail(left))


def _show_plan(
    client: Client, plan_id: str, wanted: Wanted, limit: int | None, page: int | None, wide: bool, form: Format
) -> None:
    size, number = limit or TABLE_ROWS, page or 1
    offset = (number - 1) * size
    if form == "table":
        from orchestrator.cli import drawing, tables

        plan = client.status(plan_id, limit=size, offset=offset, by_interest=True, **wanted)
        damaged = client.damaged_tasks(plan_id)
        table = tables.plan_table(plan, page=number, before=offset, wide=wide, damaged=damaged)
        drawing.show(table, whole=wide)
        return
    # Asked first, so that what is wrong is said before anything is printed.
    is_page = limit is not None or page is not None
    head = as_json(client.status(plan_id, limit=size if is_page else 0, offset=offset if is_page else 0, **wanted))
    tasks = head.pop("tasks")
    head["damaged"] = [as_json(one) for one in client.damaged_tasks(plan_id)]
    if is_page:
        print_value({**head, "tasks": tasks}, form)
    else:
        print_list(head, "tasks", (as_json(task) for task in client.tasks(plan_id, **wanted)), form)
