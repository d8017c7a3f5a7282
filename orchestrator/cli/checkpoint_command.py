"""`checkpoint`: what is kept of tasks that have not ended."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from orchestrator.cli.output import JsonOption, print_json, print_line
from orchestrator.domain.errors import InvalidInput, Problem


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(checkpoint)


def checkpoint(
    identifier: Annotated[str | None, typer.Argument(metavar="PLAN|TASK", help="Its id.", show_default=False)] = None,
    task: Annotated[str | None, typer.Option("--task", help="One task.", show_default=False)] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="All tasks of a plan.", show_default=False)] = None,
    json_output: JsonOption = False,
) -> None:
    """Show what is kept of a task, or of a plan's tasks, for going on after the last good stage; secrets are masked."""
    from orchestrator import Client

    if sum(one is not None for one in (identifier, task, plan)) != 1:
        raise InvalidInput([Problem("", None, "give one id, or exactly one of --task and --plan")])
    with Client() as client:
        if identifier is not None:
            target = client.target(identifier, plan_first=True)
            plan = identifier if target.type == "plan" else None
            task = identifier if target.type != "plan" else None
        found = [client.checkpoint(task)] if task is not None else client.checkpoints(str(plan))
    if json_output:
        values = [one.model_dump(by_alias=True, mode="json") for one in found]
        print_json(values) if task is None else print_json(found[0])
        return
    for one in found:
        size = "" if one.size_bytes is None else f" ({one.size_bytes} bytes in {one.store})"
        print_line(f"{one.task_id}: {one.finding}{size}")
        if task is not None and one.outputs:
            for line in json.dumps(one.outputs, indent=2, ensure_ascii=False).split("\n"):
                print_line(line)
    if not found:
        print_line("there is no checkpoint")
