"""Freezes: those that are set, and the dialogs that set one or lift one."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from orchestrator.client import Client
from orchestrator.console.access.roles import MayFreeze, MayRead, Permission
from orchestrator.console.numbers import spelled_decimal
from orchestrator.console.page.asks import Ask, effect
from orchestrator.console.page.buttons import button
from orchestrator.console.page.dialogs import LONGEST, dialog, said_of, sent_form, tell_page, wish_of
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.page.words import count
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.mistakes import told_by
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.moments import moment_or_as_given
from orchestrator.ledger.operations import draw_request_id

router = APIRouter()
_NONE_TO_LIFT: Final = "It would be refused now: it is not set, or is over"
_LABELS: Final = {
    "tenants": "Tenants like",
    "label": "With the label",
    "all_tenants": "All tenants",
    "for_seconds": "For so many hours",
    "until": "Until",
    "since": "From",
    "every": "Only within",
    "rollbacks_too": "Rollbacks too",
    "reason": "Reason",
}
"""What the form calls the arguments of the call."""


@router.get("/freezes")
def list_freezes(request: Request, client: ConsoleClient, actor: MayRead, tenant: str = "") -> Response:
    """Those that are set and not over, or those that cover a tenant."""
    rows = [
        (one, button("Lift", f"/freezes/{one.freeze_id}/ask/lift", actor.role, Permission.FREEZE))
        for one in client.freezes(tenant or None)
    ]
    add = button("Freeze tenants", "/freezes/ask/set", actor.role, Permission.FREEZE, style="primary")
    return page(request, "freezes.html", "/freezes", rows=rows, add=add, tenant=tenant)


@router.get("/freezes/ask/set")
def ask_set(_: MayFreeze, tenant: str = "") -> Response:
    """Whom, for how long, why."""
    return HTMLResponse(_form({"scope": "tenants" if tenant else "", "tenants": tenant}))


@router.post("/freezes/do/set")
async def do_set(request: Request, client: ConsoleClient, actor: MayFreeze) -> Response:
    """Sets it."""
    form = await sent_form(request)
    try:
        freeze = await run_in_threadpool(_set, client, form, actor.name)
    except ChangeoverError as error:
        return HTMLResponse(_form({name: str(value) for name, value in form.items()}, said_of(error)))
    return tell_page("", go_to="/freezes") if freeze else tell_page("nothing was set", bad=True)


@router.get("/freezes/{freeze_id:id}/ask/lift")
def ask_lift(freeze_id: str, client: ConsoleClient, actor: MayRead) -> Response:
    """Who may go on then."""
    return dialog(_lift_ask(client, freeze_id), actor, f"/freezes/{freeze_id}/do/lift", {})


@router.post("/freezes/{freeze_id:id}/do/lift")
async def do_lift(request: Request, freeze_id: str, client: ConsoleClient, actor: MayFreeze) -> Response:
    """Lifts it."""
    wish = wish_of(await sent_form(request))
    try:
        await run_in_threadpool(
            client.unfreeze, freeze_id, reason=wish.reason, actor=actor.name, request_id=wish.request_id
        )
    except ChangeoverError as error:
        ask = await run_in_threadpool(_lift_ask, client, freeze_id)
        return dialog(ask, actor, f"/freezes/{freeze_id}/do/lift", {}, said_of(error), wish)
    return tell_page("", go_to="/freezes")


def _lift_ask(client: Client, freeze_id: str) -> Ask:
    found = next((one for one in client.freezes() if one.freeze_id == freeze_id), None)
    if found is None:
        return Ask(f"Lift freeze {freeze_id}", "Lift it", (effect("bad", _NONE_TO_LIFT),), Permission.FREEZE)
    waiting = count(found.waiting, "tenant")
    effects = (effect("go", f"{waiting} that wait for it go back to their plans' queues"),)
    return Ask(f"Lift freeze {freeze_id}", "Lift it", effects, Permission.FREEZE)


def _form(values: dict[str, str], said: str = "") -> str:
    return piece("freeze_form.html", values=values, said=said, request_id=draw_request_id(), longest=LONGEST)


def _set(client: Client, form: FormData, actor: str) -> Any:
    given = {
        name: str(form.get(name) or "").strip() for name in ("tenants", "label", "since", "until", "hours", "every")
    }
    scope = str(form.get("scope") or "")
    whom: dict[str, Any] = {
        # What is typed beside another choice is not dropped: the call takes one alone, and says so.
        **{one: given[one] if scope == one else given[one] or None for one in ("tenants", "label")},
        "all_tenants": scope == "all",
    }
    with told_by(_LABELS):
        return client.freeze(
            reason=str(form.get("reason") or ""),
            since=moment_or_as_given(given["since"] or None),
            until=moment_or_as_given(given["until"] or None),
            for_seconds=_seconds_of_hours(given["hours"]),
            every=given["every"] or None,
            rollbacks_too=form.get("rollbacks_too") == "on",
            actor=actor,
            request_id=str(form.get("request_id") or "") or None,
            **whom,
        )


def _seconds_of_hours(text: str) -> Any:
    if not text:
        return None
    hours = spelled_decimal(text)
    # What is no number the call refuses, with all that is wrong beside it.
    return text if hours is None else hours * 3600
