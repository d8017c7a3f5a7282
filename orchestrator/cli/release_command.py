"""`release`: takes a tenant from its holder by force."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, note, print_json, print_line
from orchestrator.domain.errors import NotAllowed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(release)


def release(
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant to set free.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.", show_default=False)],
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    force: Annotated[bool, typer.Option("--force", help="Also when its holder is alive.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Take a tenant from the task that holds it, which fails and can record nothing more. The last resort."""
    from orchestrator import Client

    with Client() as client:
        result = client.release_tenant(tenant, reason=reason, actor=actor, force=force, request_id=request_id)
    refused = f"release of tenant {tenant}: {result.message}"
    if json_output:
        print_json(result)
        if not result.accepted:
            note(f"error: {refused}")
            raise typer.Exit(NotAllowed.exit_code)
    elif not result.accepted:
        raise NotAllowed(refused)
    else:
        print_line(f"{tenant}: {result.message}")
