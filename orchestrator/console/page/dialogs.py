"""The dialogs: what is asked, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from orchestrator.client import Client
from orchestrator.console.access.roles import Actor, MayOperate, MayRead
from orchestrator.console.page.asks import PLAN_ASKS, Ask, Narrowed, as_possible
from orchestrator.console.page.buttons import plan_url
from orchestrator.console.page.deeds import Wish, do_to_plan, do_to_task
from orchestrator.console.page.plan import kept_plan
from orchestrator.console.page.rendering import piece
from orchestrator.console.page.shared_plan import SharedPlan
from orchestrator.console.page.task_asks import TASK_ASKS
from orchestrator.console.parts import ConsoleClient
from orchestrator.console.problems import Refusal, problem_of
from orchestrator.control.answers import OperationResult, TaskStatus
from orchestrator.control.failure_causes import FailureCause
from orchestrator.control.possible import FREELY, Possible
from orchestrator.domain.errors import ChangeoverError, DamagedData
from orchestrator.domain.status import DAMAGED
from orchestrator.ledger.operations import draw_request_id
from orchestrator.secrets.known import MASK
from orchestrator.secrets.masking import mask

router = APIRouter()
_NAMING: Final = ("wave", "cause", "stage", "tenants", "label", "task")
"""Of what a form says, what tells whom it is for."""
LONGEST: Final = 500
"""Characters of a reason that a form may give."""


def tell_page(words: str, *, bad: bool = False, go_to: str = "") -> Response:
    """It was taken: the dialog closes, and the page says so, or goes on to another one."""
    if go_to:
        return Response(headers={"HX-Redirect": go_to})
    event = json.dumps({"told": {"words": mask(words), "bad": bad}, "close-dialog": {}}, ensure_ascii=True)
    return Response(headers={"HX-Trigger": event, "HX-Reswap": "none"})


def dialog(
    ask: Ask, actor: Actor, url: str, hidden: dict[str, str], said: str = "", wish: Wish | None = None
) -> Response:
    """The form; ``said``: why it was not taken as it was sent."""
    choices = [one for one in ask.choices if actor.may(one.permission)]
    request_id = draw_request_id()
    shown = {"ask": ask, "choices": choices, "url": url, "hidden": hidden, "said": said, "wish": wish}
    return HTMLResponse(piece("ask.html", request_id=request_id, longest=LONGEST, **shown))


async def sent_form(request: Request) -> FormData:
    """What was sent. Raises ``HTTPException`` (400) for a form with files: none of ours takes any; and ``Refusal``
    (422) where what a page had masked would say whom it is for: as a pattern, the mask means others."""
    form = await request.form(max_files=0)
    if any(MASK in str(form.get(name) or "") for name in _NAMING):
        raise Refusal(422, "masked", "A name is masked here", "it holds a secret; ask for it by the command line")
    return form


def wish_of(form: FormData) -> Wish:
    """What the form said."""
    given = {name: str(form.get(name) or "") for name in ("wave", "cause", "stage", "tenants")}
    return Wish(
        reason=str(form.get("reason") or "").strip()[:LONGEST],
        request_id=str(form.get("request_id") or "") or draw_request_id(),
        ticked=frozenset(name for name in form if form[name] == "on"),
        **given,
    )


def check_choices(ask: Ask, wish: Wish, actor: Actor) -> None:
    """Raises ``Refusal`` (403) when the role may not do it, or not so."""
    actor.require(ask.permission)
    for choice in ask.choices:
        if choice.name in wish.ticked:
            actor.require(choice.permission)


@router.get("/plans/{plan_id:plan}/ask/{verb}")
async def ask_plan(
    request: Request,
    plan_id: str,
    verb: str,
    client: ConsoleClient,
    actor: MayRead,
    wave: str = "",
    cause: str = "",
    stage: str = "",
) -> Response:
    """What would happen to the plan."""
    shared = await plan_unless_damaged(request, client, plan_id)
    hidden = {name: value for name, value in (("wave", wave), ("cause", cause), ("stage", stage)) if value}
    ask = await run_in_threadpool(_plan_ask, client, shared, plan_id, verb, Narrowed(wave, cause, stage))
    return dialog(ask, actor, f"{plan_url(plan_id)}/do/{verb}", hidden)


@router.post("/plans/{plan_id:plan}/do/{verb}")
async def do_plan(request: Request, plan_id: str, verb: str, client: ConsoleClient, actor: MayRead) -> Response:
    """Does it; the role is asked for by what the verb needs."""
    wish = wish_of(await sent_form(request))
    shared = await plan_unless_damaged(request, client, plan_id)
    narrowed = Narrowed(wish.wave, wish.cause, wish.stage)
    ask = await run_in_threadpool(_plan_ask, client, shared, plan_id, verb, narrowed)
    check_choices(ask, wish, actor)
    url, hidden = f"{plan_url(plan_id)}/do/{verb}", {"wave": wish.wave, "cause": wish.cause, "stage": wish.stage}
    try:
        answer = await run_in_threadpool(do_to_plan, client, plan_id, verb, wish, actor.name)
    except ChangeoverError as error:
        return dialog(ask, actor, url, hidden, said_of(error), wish)
    if isinstance(answer, OperationResult) and not answer.accepted:
        return dialog(ask, actor, url, hidden, answer.message, wish)
    if not isinstance(answer, OperationResult):
        return tell_page("", go_to="/plans")
    return tell_page(f"{ask.title}: {answer.message}")


@router.get("/tenants/{tenant_id:id}/ask/{verb}")
async def ask_task(
    request: Request, tenant_id: str, verb: str, task: str, client: ConsoleClient, actor: MayRead
) -> Response:
    """What would happen to one tenant's move."""
    status = await run_in_threadpool(client.task_status, task)
    shared = await plan_unless_damaged(request, client, status.plan_id)
    ask = _task_ask(verb, status)
    if shared is not None and status.status != DAMAGED:
        can = await run_in_threadpool(shared.live.possible_of_task, status)
        ask = as_possible(ask, can[verb])
    return dialog(ask, actor, f"/tenants/{quote(tenant_id, safe='')}/do/{verb}", {"task": task})


@router.post("/tenants/{tenant_id:id}/do/{verb}")
async def do_task(
    request: Request, tenant_id: str, verb: str, client: ConsoleClient, actor: MayOperate, task: Annotated[str, Form()]
) -> Response:
    """Does it."""
    wish = wish_of(await sent_form(request))
    status = await run_in_threadpool(client.task_status, task)
    ask = _task_ask(verb, status)
    check_choices(ask, wish, actor)
    url = f"/tenants/{quote(tenant_id, safe='')}/do/{verb}"
    try:
        answer = await run_in_threadpool(do_to_task, client, task, status.tenant_id, verb, wish, actor.name)
    except ChangeoverError as error:
        return dialog(ask, actor, url, {"task": task}, said_of(error), wish)
    if not answer.accepted:
        return dialog(ask, actor, url, {"task": task}, answer.message, wish)
    return tell_page(f"{ask.title}: {answer.message}")


def said_of(error: ChangeoverError) -> str:
    """The error in the words that the API has for it."""
    told_of: dict[str, Any] = problem_of(error)
    errors = [
        f"{one['path']}: {one['message']}" if one["path"] else one["message"] for one in told_of.get("errors", [])
    ]
    return "; ".join(errors) or str(told_of.get("detail") or told_of["title"])


async def plan_unless_damaged(request: Request, client: Client, plan_id: str) -> SharedPlan | None:
    """The plan as its viewers share it; None of one whose record cannot be read: what can be asked is not known."""
    try:
        return await kept_plan(request, client, plan_id)
    except DamagedData:
        return None


def _plan_ask(client: Client, shared: SharedPlan | None, plan_id: str, verb: str, of: Narrowed) -> Ask:
    if verb not in PLAN_ASKS:
        raise Refusal(404, "not_found", "There is no such thing", f"nothing called {verb!r} can be done with a plan")
    possible: Mapping[str, Possible] = {}
    if shared is not None:
        alike = [group for group in shared.live.causes if _is_meant(group.cause, of)] if of.cause else []
        number = sum(len(one.tenants) for one in alike)
        possible = shared.live.possible_of_cause(alike[0]) if alike else shared.live.possible()
        of = replace(of, number=number, possible=possible.get(verb, FREELY))
    return as_possible(PLAN_ASKS[verb](client.summary(plan_id), of), possible.get(verb, FREELY))


def _is_meant(cause: FailureCause, of: Narrowed) -> bool:
    return cause.type == of.cause and (not of.stage or cause.stage == of.stage)


def _task_ask(verb: str, status: TaskStatus) -> Ask:
    if verb not in TASK_ASKS:
        raise Refusal(404, "not_found", "There is no such thing", f"nothing called {verb!r} can be done with a tenant")
    return TASK_ASKS[verb](status)
