"""Webhooks: how each does, and what was given up, which can be sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.client import Client
from orchestrator.console.access.roles import MayRead, MayResend, Permission
from orchestrator.console.numbers import WholeNumber
from orchestrator.console.page.asks import Ask, effect
from orchestrator.console.page.buttons import Button, ask_url, button
from orchestrator.console.page.dialogs import dialog, said_of, sent_form, tell_page, wish_of
from orchestrator.console.page.rendering import page
from orchestrator.console.page.words import count
from orchestrator.console.parts import ConsoleClient
from orchestrator.console.problems import Refusal
from orchestrator.control.webhook_answers import WebhookStatus
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.roles import Role

ROWS: Final = 50
MOST: Final = 1000
"""So many dead letters of a webhook are kept."""

RESEND: Final = Permission.RESEND
router = APIRouter()


@dataclass(frozen=True, slots=True)
class HookRow:
    """A webhook, whose dead letters are asked for at ``letters_url``, and its buttons."""

    status: WebhookStatus
    letters_url: str
    buttons: Sequence[Button]


@router.get("/webhooks")
def show_webhooks(
    request: Request, client: ConsoleClient, actor: MayRead, name: str = "", first: WholeNumber = 0
) -> Response:
    """All of them; with ``name`` what was given up of one, from its ``first`` on."""
    rows = [
        HookRow(one, f"/webhooks?{urlencode({'name': one.name})}#given-up", list(_buttons(one, actor.role)))
        for one in client.webhooks()
    ]
    first = max(0, min(first, MOST))
    letters = client.dead_letters(name, first, ROWS + 1) if name else []
    given = urlencode({"name": name, "first": first + ROWS})
    told = {
        "name": name,
        "letters": [(one, button("Send again", _url(name, one.id), actor.role, RESEND)) for one in letters[:ROWS]],
        "following": f"/webhooks?{given}#given-up" if len(letters) > ROWS else "",
    }
    return page(request, "webhooks.html", "/webhooks", rows=rows, **told)


@router.get("/webhooks/{name:id}/ask/{verb}")
def ask_webhook(name: str, verb: str, client: ConsoleClient, actor: MayResend, letter: str = "") -> Response:
    """What would happen: ``resend`` of all that was given up, or of one letter; ``enable`` tries it at once."""
    return dialog(_ask(client, name, verb, letter), actor, f"/webhooks/{quote(name, safe='')}/do/{verb}", _kept(letter))


@router.post("/webhooks/{name:id}/do/{verb}")
async def do_webhook(request: Request, name: str, verb: str, client: ConsoleClient, actor: MayResend) -> Response:
    """Does it."""
    form = await sent_form(request)
    wish, letter = wish_of(form), str(form.get("letter") or "")
    ask = await run_in_threadpool(_ask, client, name, verb, letter)
    why = {"reason": wish.reason, "actor": actor.name}
    try:
        if verb == "enable":
            await run_in_threadpool(client.enable_webhook, name, **why)
        else:
            await run_in_threadpool(client.resend_letters, name, [letter] if letter else [], **why)
    except ChangeoverError as error:
        return dialog(ask, actor, f"/webhooks/{quote(name, safe='')}/do/{verb}", _kept(letter), said_of(error), wish)
    return tell_page("", go_to="/webhooks" + (f"?{urlencode({'name': name})}" if letter else ""))


def _kept(letter: str) -> dict[str, str]:
    return {"letter": letter} if letter else {}


def _url(name: str, letter: str = "", verb: str = "resend") -> str:
    return ask_url(f"/webhooks/{quote(name, safe='')}", verb, letter=letter)


def _buttons(one: WebhookStatus, role: Role) -> Iterator[Button]:
    waits = "" if one.failing_since or one.health in ("failing", "disabled") else "it waits for nothing"
    yield button("Try now", _url(one.name, verb="enable"), role, RESEND, waits)
    yield button("Send again", _url(one.name), role, RESEND, "" if one.dead_letters else "nothing was given up")


def _ask(client: Client, name: str, verb: str, letter: str) -> Ask:
    one = next((one for one in client.webhooks() if one.name == name), None)
    if one is None or verb not in ("resend", "enable"):
        raise Refusal(404, "not_found", "There is no such thing", f"no webhook {name!r}, or nothing called {verb!r}")
    if verb == "enable":
        told = "It is tried at once, from where it was, in order; what was given up stays given up"
        return Ask(f"Try {name} now", "Try now", (effect("go", told),), RESEND)
    what = (
        f"Notification {letter} is" if letter else f"{count(one.dead_letters, 'notification is', 'notifications are')}"
    )
    effects = (
        effect("go", f"{what} sent to {name} again, before what is newer"),
        effect("stay", "Its receiver tells by the id what it has had already"),
    )
    return Ask(f"Send again to {name}", "Send again", effects, RESEND)
