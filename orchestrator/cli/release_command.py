"""`release`: takes a tenant from its holder by force."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, print_answer
from orchestrator.cli.targets import one_given


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(release)


def release(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.", show_default=False)],
    tenant_id: Annotated[
        str | None, typer.Argument(metavar="TENANT", help="The tenant to set free.", show_default=False)
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The same as an option.", show_default=False)] = None,
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    force: Annotated[bool, typer.Option("--force", help="Also when its holder is alive.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Take a tenant from the task that holds it, which fails and can record nothing more. The last resort."""
    from orchestrator import Client
    from orchestrator.control.target import order_of

    who = partial(order_of, actor, reason, request_id, needs_reason=True)
    tenant = one_given(tenant_id, tenant, "--tenant", who)
    with Client() as client:
        result = client.release_tenant(tenant, reason=reason, actor=actor, force=force, request_id=request_id)
    refused = f"release of tenant {tenant}: {result.message}"
    print_answer(result, f"{tenant}: {result.message}", refused, json_output=json_output)
