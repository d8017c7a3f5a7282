"""`drift`: who is no longer what it was moved to."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.output import JsonOption, print_json, print_line
from orchestrator.cli.targets import PlanOption


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(drift)


def drift(
    plan: PlanOption = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="A tenant, or those like a pattern ('eu-*').", show_default=False)
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Also those that are there.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Ask the instances of what was moved once more, and name who is not there. Exit code 1 when somebody is not."""
    from orchestrator import Client
    from orchestrator.control.drift_answers import DriftEnd

    drifted = 0
    with Client() as client:
        for line in client.drift(plan_id=plan, tenants=tenant):
            if isinstance(line, DriftEnd):
                drifted = line.drifted
                if json_output:
                    print_json(line)
                else:
                    print_line(f"{line.there} there, {line.drifted} not, {line.not_judged} cannot be judged")
            elif line.state != "there" or show_all:
                if json_output:
                    print_json(line)
                else:
                    version = f" at version {line.version}" if line.version is not None else ""
                    said = f": {line.said}" if line.said else ""
                    words = {"there": f"is{version}", "drifted": f"is not{version}", "not-judged": "cannot be judged"}
                    print_line(f"{line.tenant_id} {words[line.state]}{said}")
    if drifted:
        raise typer.Exit(1)
