"""`audit`: who asked for what, when, why, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import JsonOption, print_json, print_line

if TYPE_CHECKING:
    from orchestrator.control.audit_answers import AuditEntry


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    actor: Annotated[
        str | None, typer.Option("--actor", help="Who asked; 'ada@*' is all that begin so.", show_default=False)
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="What was about this tenant itself ('eu-*').", show_default=False)
    ] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="This plan ('prod-*').", show_default=False)] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this time on.", show_default=False)] = None,
    json_output: JsonOption = False,
) -> None:
    """Print who asked for what, when and why, and what came of it, the oldest first: operations, submits, freezes,
    tokens, failed sign-ins. With --json one object a line."""
    from orchestrator import Client
    from orchestrator.control.audit_answers import read_since
    from orchestrator.control.mistakes import Mistakes
    from orchestrator.control.order_gate import check_patterns

    mistakes = Mistakes()
    with mistakes:
        moment = read_since(since, "--since")
    with mistakes:
        check_patterns(actor=actor, tenant=tenant, plan=plan)
    mistakes.tell()
    with Client() as client:
        for entry in client.audit(actor=actor, tenant=tenant, plan=plan, since=moment):
            print_json(entry) if json_output else print_line(_line(entry))


def _line(entry: AuditEntry) -> str:
    """``2026-11-29 10:00:00  ada@ops  pause plan blue  PlanPaused  error rate is up``."""
    at = entry.at[:19].replace("T", " ")
    about = f"{entry.operation} {entry.target_type} {entry.target_id}"
    if entry.targets > 1:
        about += f" ({entry.targets} tasks)"
    elif entry.tenant_id:
        about += f" of {entry.tenant_id}"
    outcome = entry.outcome or "under way"
    return "  ".join(part for part in (at, entry.actor or "-", about, outcome, entry.reason) if part)
