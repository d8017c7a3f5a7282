"""The list of plans, live; and the way to anything by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from orchestrator.client import Client
from orchestrator.console.access.roles import MayRead
from orchestrator.console.page.buttons import plan_url
from orchestrator.console.page.plan_pieces import now_of
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.page.shared import Shelf, Watched
from orchestrator.console.page.streams import Message, seen_of, stream
from orchestrator.console.page.words import progress_of
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import PlanSummary
from orchestrator.control.live_plan import FAILED
from orchestrator.domain.roles import Role
from orchestrator.domain.status import DAMAGED, PlanState
from orchestrator.domain.task_id import plan_of, position_of
from orchestrator.secrets.masking import known_now

ROWS: Final = 40
SHORTEST: Final = 90
"""Characters of what a plan does now that a row shows."""

router = APIRouter()


class SharedPlans(Watched):
    """The newest plans, of one state or of all, as all their viewers see them."""

    def __init__(self, client: Client, status: str) -> None:
        super().__init__()
        self._client = client
        self._status = status
        self.plans: Sequence[PlanSummary] = []
        self.following: str | None = None
        self.rows = ""
        self._drawn_with: object = None
        self.look()

    def look(self) -> bool:
        """Reads the plans of the page again."""
        found, self.following = read_page(self._client, self._status, None)
        known = known_now()
        if found == self.plans and self.rows and known is self._drawn_with:
            return False
        self.plans, self.rows, self._drawn_with = found, draw_rows(found), known
        return True


def read_page(client: Client, status: str, cursor: str | None) -> tuple[Sequence[PlanSummary], str | None]:
    """A page of the plans, and where the next one begins."""
    answer = client.plan_page(statuses=[status] if status else None, limit=ROWS, cursor=cursor)
    return answer.plans, answer.next_cursor


def draw_rows(plans: Sequence[PlanSummary]) -> str:
    """Their table."""
    return piece("_plan_rows.html", plans=[_row(plan) for plan in plans])


def _row(plan: PlanSummary) -> dict[str, Any]:
    progress = progress_of(plan)
    failed = sum(plan.counts.get(state, 0) for state in FAILED)
    told: dict[str, Any] = {
        "plan": plan,
        "total": progress.total,
        "done": progress.done,
        "failed": failed,
        "tone": "",
        "now": "",
    }
    told["percent"] = progress.percent
    if plan.status != DAMAGED:
        now = now_of(plan, Role.VIEWER)
        told |= {
            "tone": now.tone,
            "now": now.sentence if len(now.sentence) <= SHORTEST else now.sentence[:SHORTEST] + "…",
        }
    return told


def _shelf(request: Request) -> Shelf[SharedPlans]:
    state = request.app.state
    if not hasattr(state, "page_plans"):
        state.page_plans = Shelf[SharedPlans]()
    shelf: Shelf[SharedPlans] = state.page_plans
    return shelf


PlansShelf = Annotated[Shelf[SharedPlans], Depends(_shelf)]


@router.get("/")
def home(_: MayRead) -> Response:
    """The first page."""
    return RedirectResponse("/plans", 303)


@router.get("/plans")
async def list_plans(
    request: Request, client: ConsoleClient, shelf: PlansShelf, _: MayRead, status: str = "", cursor: str = ""
) -> Response:
    """The newest, live; older ones as they are."""
    told: dict[str, Any] = {"states": list(PlanState), "status": status}
    if cursor:
        found, following = await run_in_threadpool(read_page, client, status, cursor)
        return page(request, "plans.html", "/plans", rows=draw_rows(found), following=following, since="", **told)
    shared = await shelf.get(status, lambda: SharedPlans(client, status))
    told |= {"rows": shared.rows, "following": shared.following, "since": shared.token, "is_live": True}
    return page(request, "plans.html", "/plans", **told)


@router.get("/live/plans")
async def live_plans(
    request: Request, client: ConsoleClient, shelf: PlansShelf, _: MayRead, status: str = "", since: str = ""
) -> Response:
    """The list again whenever one of its plans has moved on."""
    shared = await shelf.get(status, lambda: SharedPlans(client, status))

    def told(seen: int) -> list[Message]:
        return [("plans", shared.rows)] if shared.version > seen else []

    return stream(shared, seen_of(request, shared, since), told)


@router.get("/find")
def find_by_id(client: ConsoleClient, _: MayRead, id: str) -> Response:
    """To the plan, task or tenant of this id."""
    target = client.target(id.strip(), plan_first=True)
    if target.type == "plan":
        return RedirectResponse(plan_url(target.identifier), 303)
    if target.type == "task":
        return RedirectResponse(f"{plan_url(plan_of(target.identifier))}/tasks/{position_of(target.identifier)}", 303)
    return RedirectResponse(f"/tenants/{quote(target.identifier, safe='')}", 303)
