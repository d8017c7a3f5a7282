"""`token create`, `token list`, `token link`, `token revoke`: who may come in at the console."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from orchestrator.cli.durations import seconds_of
from orchestrator.cli.examples import epilog_of
from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, as_json, note, print_answer, print_json, print_line
from orchestrator.domain.errors import NotFound

if TYPE_CHECKING:
    from orchestrator.settings.console import ConsoleSettings

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="token",
        help="Make, list and revoke tokens of the console; make a link that signs in once.",
        epilog=epilog_of("token"),
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for name, command in (("create", create), ("list", list_tokens), ("link", link), ("revoke", revoke)):
        group.command(name, epilog=epilog_of(f"token {name}"))(command)
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
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Make a token and print it, this once."""
    from orchestrator import Client
    from orchestrator.control.mistakes import Mistakes
    from orchestrator.control.target import order_about
    from orchestrator.control.token_desk import token_problems

    mistakes, seconds = Mistakes(), None
    if expires is not None:
        with mistakes:
            seconds = seconds_of(expires, "--expires")
    with mistakes:
        order_about({}, actor, "", request_id, token_problems(name, role, seconds))
    mistakes.tell()
    with Client() as client:
        made = client.create_token(name, role, expires_seconds=seconds, actor=actor, request_id=request_id)
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


def link(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="The token's; without it that of `up`, or through a console the caller's own.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="The console's address; else that of the settings.", show_default=False)
    ] = None,
    actor: ActorOption = None,
    json_output: JsonOption = False,
) -> None:
    """Make a link that signs in at the console once, within ten minutes, as a token that there is."""
    from orchestrator import Client
    from orchestrator.control.order_gate import pattern_problems
    from orchestrator.control.target import order_about

    order_about({}, actor, "", None, pattern_problems(name=name))
    # Asked first: a link that leads nowhere is not made.
    address = url.rstrip("/") if url else _address()
    with Client() as client:
        made = client.sign_in_link(name, actor=actor)
    leads_to = f"{address}/sign-in#{made.code}"
    if json_output:
        print_json({"name": made.name, "url": leads_to, "lastsSeconds": made.lasts_seconds})
        return
    print_line(leads_to)
    note(f"it signs in once, within {made.lasts_seconds // 60} minutes, as {made.name}")


def _address() -> str:
    """Where a browser finds the console: the one that the command goes through, else that of the ``changeover up`` in
    this folder, else as the settings say. Raises ``NotFound`` for one of this machine where nothing answers."""
    from orchestrator.doors.opening import URL_VARIABLE
    from orchestrator.settings.model import load_settings
    from orchestrator.settings.servers import running_console

    if through := os.environ.get(URL_VARIABLE, "").strip():
        return through.rstrip("/").removesuffix("/api/v1")
    settings = load_settings()
    address = running_console(settings) or _of_settings(settings.console)
    at = urlsplit(address)
    if at.hostname in _LOOPBACK and not _answers(at.hostname, at.port):
        raise NotFound(
            f"no console answers at {address}: start one (`changeover console`, `changeover up`), or give the address "
            "of another by --url"
        )
    return address


def _answers(host: str | None, port: int | None) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def _of_settings(console: ConsoleSettings) -> str:
    names = [host for host in (*console.hosts, console.host) if host not in ("0.0.0.0", "::")]  # noqa: S104 - compared
    host = names[0] if names else "127.0.0.1"
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'http' if console.tls_cert is None else 'https'}://{shown}:{console.port}"


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
