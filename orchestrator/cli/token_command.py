"""`token create`, `token list`, `token revoke`: who may come in at the console."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.examples import epilog_of
from orchestrator.cli.freeze_commands import seconds_of
from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, as_json, note, print_answer, print_json, print_line


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="token",
        help="Make, list and revoke tokens of the console.",
        epilog=epilog_of("token"),
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("create", epilog=epilog_of("token create"))(create)
    group.command("list", epilog=epilog_of("token list"))(list_tokens)
    group.command("revoke", epilog=epilog_of("token revoke"))(revoke)
    app.add_typer(group)


def create(
    name: Annotated[str, typer.Option("--name", help="Whose it is; the actor in the log.", show_default=False)],
    role: Annotated[
        str,
        typer.Option("--role", metavar="viewer|operator|approver|admin", help="What it may do.", show_default=False),
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it lasts (12h, 90d); else for ever.", show_default=False)
    ] = None,
    actor: ActorOption = None,
    json_output: JsonOption = False,
) -> None:
    """Make a token and print it, this once."""
    from orchestrator import Client

    seconds = None if expires is None else seconds_of(expires, "--expires")
    with Client() as client:
        made = client.create_token(name, role, expires_seconds=seconds, actor=actor)
    if json_output:
        print_json(made)
        return
    print_line(made.token)
    until = f"until {made.expires_at}" if made.expires_at else "until it is revoked"
    note(f"{made.name} is {made.role} {until}; the token is kept nowhere and cannot be shown again")


def list_tokens(json_output: JsonOption = False) -> None:
    """List the tokens that are not revoked; their secrets are nowhere."""
    from orchestrator import Client

    with Client() as client:
        found = client.tokens()
    if json_output:
        print_json([as_json(one) for one in found])
        return
    for one in found:
        until = f"{'expired' if one.expired else 'expires'} {one.expires_at}" if one.expires_at else "never expires"
        print_line(f"{one.name}: {one.role}, made by {one.created_by} {one.created_at}, {until}")
    if not found:
        print_line("no tokens")


def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Revoke a token, at once for all consoles; whoever is signed in with it is out."""
    from orchestrator import Client

    with Client() as client:
        result = client.revoke_token(name, reason=reason, actor=actor, request_id=request_id)
    said = f"{name}: {result.message}"
    print_answer(result, said, said, json_output=json_output)
