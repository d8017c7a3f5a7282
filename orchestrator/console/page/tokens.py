"""Tokens of the console: who may come in, a new one, and none any more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from orchestrator.console.access.roles import MayKeepTokens, Permission
from orchestrator.console.numbers import spelled_decimal
from orchestrator.console.page.asks import Ask, effect
from orchestrator.console.page.buttons import button
from orchestrator.console.page.dialogs import dialog, said_of, sent_form, tell_page, wish_of
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.parts import ConsoleClient
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem
from orchestrator.domain.roles import Role
from orchestrator.ledger.credentials import draw_credential
from orchestrator.ledger.operations import draw_request_id

router = APIRouter()
DAY: float = 86_400


@router.get("/tokens")
def show_tokens(request: Request, client: ConsoleClient, actor: MayKeepTokens) -> Response:
    """Every token that is not revoked."""
    rows = [
        (one, button("Revoke", f"/tokens/{one.name}/ask/revoke", actor.role, Permission.TOKENS, style="danger"))
        for one in client.tokens()
    ]
    return page(request, "tokens.html", "/tokens", rows=rows)


@router.get("/tokens/ask/create")
def ask_token(_: MayKeepTokens) -> Response:
    """For whom, and what it may do."""
    return HTMLResponse(_form("", Role.VIEWER, "", ""))


@router.post("/tokens/do/create")
def do_create(
    client: ConsoleClient,
    actor: MayKeepTokens,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
    request_id: Annotated[str | None, Form()] = None,
    secret: Annotated[str | None, Form()] = None,
) -> Response:
    """Makes it; the answer is the only place where it ever stands."""
    try:
        made = client.create_token(
            name.strip(),
            role,
            expires_seconds=_seconds(days),
            actor=actor.name,
            request_id=request_id or None,
            secret=secret or None,
        )
    except ChangeoverError as error:
        return HTMLResponse(_form(name, role, days, said_of(error)))
    return HTMLResponse(piece("token_made.html", made=made))


@router.get("/tokens/{name:id}/ask/revoke")
def ask_revoke(name: str, actor: MayKeepTokens) -> Response:
    """What ends with it."""
    return dialog(_revoke_ask(name), actor, f"/tokens/{name}/do/revoke", {})


@router.post("/tokens/{name:id}/do/revoke")
async def do_revoke(request: Request, name: str, client: ConsoleClient, actor: MayKeepTokens) -> Response:
    """Revokes it."""
    wish = wish_of(await sent_form(request))
    try:
        await run_in_threadpool(
            client.revoke_token, name, reason=wish.reason, actor=actor.name, request_id=wish.request_id
        )
    except ChangeoverError as error:
        return dialog(_revoke_ask(name), actor, f"/tokens/{name}/do/revoke", {}, said_of(error), wish)
    return tell_page("", go_to="/tokens")


def _revoke_ask(name: str) -> Ask:
    effects = (
        effect("end", "Nobody comes in with it any more; its sessions and open pages end at once"),
        effect("stay", "What was asked with it stays, and the log still tells its name"),
    )
    return Ask(f"Revoke {name}", "Revoke", effects, Permission.TOKENS, is_dangerous=True)


def _form(name: str, role: str, days: str, said: str) -> str:
    # Sent twice, the form is one request, and both are shown the same token.
    drawn = {"request_id": draw_request_id(), "secret": draw_credential("token").secret}
    return piece("token_form.html", name=name, role=role, days=days, said=said, roles=list(Role), **drawn)


def _seconds(days: str) -> float | None:
    if not days.strip():
        return None
    if (number := spelled_decimal(days.strip())) is None:
        raise InvalidInput([Problem("days", days, "expected a number of days")])
    return number * DAY
