"""A plan: its page, its stream, and what is looked up from there."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from orchestrator.client import Client
from orchestrator.console.access.roles import MayRead
from orchestrator.console.numbers import WholeNumber
from orchestrator.console.page.buttons import plan_url
from orchestrator.console.page.cells import MAP_STATES
from orchestrator.console.page.log_lines import log_line
from orchestrator.console.page.log_search import KINDS, search_log
from orchestrator.console.page.plan_pieces import draw_plan
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.page.shared import Shelf
from orchestrator.console.page.shared_plan import SharedPlan
from orchestrator.console.page.streams import Message, compact, seen_of, stream
from orchestrator.console.page.table import table_page
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.task_rows import Wanted
from orchestrator.domain.errors import DamagedData
from orchestrator.domain.status import DAMAGED, TaskState
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.whole_numbers import HIGHEST

router = APIRouter()


async def kept_plan(request: Request, client: Client, plan_id: str) -> SharedPlan:
    """The plan as its viewers share it."""
    state = request.app.state
    if not hasattr(state, "page_plan"):
        state.page_plan = Shelf[SharedPlan]()
    shelf: Shelf[SharedPlan] = state.page_plan
    return await shelf.get(plan_id, lambda: SharedPlan(client, plan_id, draw_plan))


async def shared_plan(request: Request, plan_id: str, client: ConsoleClient) -> SharedPlan:
    """The one of the address."""
    return await kept_plan(request, client, plan_id)


ShownPlan = Annotated[SharedPlan, Depends(shared_plan)]
Position = Annotated[WholeNumber, Path(ge=0, le=HIGHEST)]
Before = Annotated[WholeNumber, Query(ge=0, le=HIGHEST)]


@router.get("/plans/{plan_id:plan}")
async def show_plan(request: Request, plan_id: str, client: ConsoleClient, actor: MayRead) -> Response:
    """Everything at once, from what is known already; of one whose record cannot be read, what is wrong with it."""
    try:
        shared = await kept_plan(request, client, plan_id)
    except DamagedData:
        found = await run_in_threadpool(client.explain, plan_id=plan_id)
        told = {"plan_id": plan_id, "status": DAMAGED, "remarks": found.remarks}
        return page(request, "plan_damaged.html", "/plans", **told)
    return page(
        request,
        "plan.html",
        "/plans",
        plan=shared.live.summary,
        base=plan_url(shared.plan_id),
        pieces={name: shared.fragments.of(name, actor.role, shared.version) for name in shared.fragments.names},
        cells=shared.cells.text,
        strips=shared.cells.strips,
        map_states=MAP_STATES,
        states=list(TaskState),
        since=shared.token,
        is_live=True,
    )


@router.get("/plans/{plan_id:plan}/live")
async def live_plan(request: Request, shared: ShownPlan, actor: MayRead, since: str = "", task: str = "") -> Response:
    """What changes: pieces of the page, and of its map the cells; with ``task`` only that something came of it."""

    def told(seen: int) -> list[Message]:
        if task:
            return [("task", "")] if shared.touched_since(task, seen) else []
        moved = shared.map_since(seen)
        found: list[Message] = [] if moved is None else [("map", compact(moved))]
        return found + shared.fragments.since(seen, actor.role, shared.version)

    return stream(shared, seen_of(request, shared, since), told)


@router.get("/plans/{plan_id:plan}/cells/{position}")
def cell_in_words(plan_id: str, position: Position, client: ConsoleClient, _: MayRead) -> Response:
    """A cell of the map in words."""
    return HTMLResponse(piece("plan/_cell.html", task=client.task_status(task_id_of(plan_id, position))))


@router.get("/plans/{plan_id:plan}/tasks/{position}")
def open_cell(plan_id: str, position: Position, client: ConsoleClient, _: MayRead) -> Response:
    """To the tenant of a cell."""
    task = client.task_status(task_id_of(plan_id, position))
    return RedirectResponse(f"/tenants/{quote(task.tenant_id, safe='')}?{urlencode({'task': task.task_id})}", 303)


@router.get("/plans/{plan_id:plan}/tasks")
def show_table(
    plan_id: str,
    client: ConsoleClient,
    _: MayRead,
    status: str = "",
    wave: str = "",
    tenant: str = "",
    cause: str = "",
    cursor: str = "",
) -> Response:
    """A page of the table, what is of interest first."""
    wanted: Wanted = {
        "statuses": [status] if status else None,
        "wave": wave or None,
        "tenants": tenant or None,
        "cause": cause or None,
    }
    found = table_page(client, plan_id, wanted, cursor)
    given = {"status": status, "wave": wave, "tenant": tenant, "cause": cause}
    first = f"{plan_url(plan_id)}/tasks?{urlencode({name: value for name, value in given.items() if value})}"
    following = f"{first}&cursor={found.following}" if found.following else ""
    told = {"tasks": found.tasks, "matching": found.matching, "first": first, "following": following}
    return HTMLResponse(piece("plan/_tasks.html", is_first=not cursor, **told))


@router.get("/plans/{plan_id:plan}/log")
async def show_log(shared: ShownPlan, actor: MayRead, kind: str = "", tenant: str = "", before: Before = 0) -> Response:
    """The log from its end on, of a kind, of some tenants; without either as it comes."""
    if not kind and not tenant:
        lines = shared.fragments.of("log", actor.role, shared.version)
        return HTMLResponse(f'<ol class="log" data-hold="unseen" sse-swap="log" hx-swap="morph:innerHTML">{lines}</ol>')
    found = await run_in_threadpool(search_log, shared.live, KINDS.get(kind), tenant or None, before or None)
    given = {"kind": kind, "tenant": tenant, "before": str(found.reached)}
    following = f"{plan_url(shared.plan_id)}/log?{urlencode(given)}" if found.reached else ""
    told = {"lines": [log_line(event) for event in found.events], "looked": found.looked, "following": following}
    return HTMLResponse(piece("plan/_log_page.html", **told))
