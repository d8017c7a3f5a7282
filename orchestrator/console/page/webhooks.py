"""Webhooks: how each does, and what was given up, which can be sent again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.console.access.roles import Actor, Permission, needs
from orchestrator.console.page.asks import Ask, Consequence
from orchestrator.console.page.buttons import button
from orchestrator.console.page.dialogs import dialog, said_of, tell_page
from orchestrator.console.page.rendering import page
from orchestrator.console.page.words import count
from orchestrator.console.parts import ConsoleClient
from orchestrator.domain.errors import ChangeoverError

router = APIRouter()
Reads = Annotated[Actor, needs(Permission.READ)]
Resends = Annotated[Actor, needs(Permission.RESEND)]


@router.get("/webhooks")
def show_webhooks(request: Request, client: ConsoleClient, actor: Reads, name: str = "") -> Response:
    """All of them; with ``name`` what was given up of one."""
    rows = [
        (
            one,
            button(
                "Send again",
                f"/webhooks/{one.name}/ask/resend",
                actor.role,
                Permission.RESEND,
                "" if one.dead_letters else "nothing was given up",
            ),
        )
        for one in client.webhooks()
    ]
    letters = client.dead_letters(name) if name else []
    return page(request, "webhooks.html", "/webhooks", rows=rows, name=name, letters=letters)


@router.get("/webhooks/{name}/ask/resend")
def ask_resend(name: str, client: ConsoleClient, actor: Resends) -> Response:
    """How many, and whereto."""
    dead = next((one.dead_letters for one in client.webhooks() if one.name == name), 0)
    return dialog(_resend_ask(name, dead), actor, f"/webhooks/{name}/do/resend", {})


@router.post("/webhooks/{name}/do/resend")
async def do_resend(name: str, client: ConsoleClient, actor: Resends) -> Response:
    """Sends them again."""
    try:
        answer = await run_in_threadpool(client.resend_letters, name)
    except ChangeoverError as error:
        return dialog(_resend_ask(name, 0), actor, f"/webhooks/{name}/do/resend", {}, said_of(error))
    return tell_page(f"{name}: {answer.message}")


def _resend_ask(name: str, dead: int) -> Ask:
    effects = (
        Consequence("running", f"{count(dead, 'notification')} that were given up are sent to {name} again, in order"),
    )
    return Ask(f"Send again to {name}", "Send again", effects, Permission.RESEND, needs_reason=False)
