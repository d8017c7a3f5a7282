"""Tenants: the list, and one of them: what it runs, its move stage by stage, what its instances said, why it waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orchestrator.client import Client
from orchestrator.console.access.offered import remarks_for
from orchestrator.console.access.roles import Actor, MayRead
from orchestrator.console.page.buttons import task_buttons
from orchestrator.console.page.plan import kept_plan
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.page.shared_plan import SharedPlan
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import TaskStatus
from orchestrator.domain.errors import ChangeoverError, DamagedData, NotFound, quoted_value
from orchestrator.domain.roles import Role
from orchestrator.domain.status import DAMAGED, TASK_ACTIVE, TaskState

ROWS: Final = 50
INSTANCES_SHOWN: Final = 60

router = APIRouter()


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage of a move, and where the move is with it: ``state`` is what it is drawn as."""

    name: str
    state: TaskState
    note: str = ""


@router.get("/tenants")
def list_tenants(
    request: Request, client: ConsoleClient, _: MayRead, label: str = "", like: str = "", cursor: str = ""
) -> Response:
    """Tenants of the newest plans first, those with a label or of a pattern."""
    found = client.tenants(label=label or None, pattern=like or None, limit=ROWS, cursor=cursor or None)
    given = {"label": label, "like": like, "cursor": found.next_cursor or ""}
    following = f"/tenants?{urlencode({k: v for k, v in given.items() if v})}" if found.next_cursor else ""
    return page(request, "tenants.html", "/tenants", tenants=found.tenants, label=label, like=like, following=following)


@router.get("/tenants/{tenant_id:id}")
async def show_tenant(
    request: Request, tenant_id: str, client: ConsoleClient, actor: MayRead, task: str = ""
) -> Response:
    """One tenant, and one of its moves: the one that speaks for it, unless another is asked for."""
    view = await run_in_threadpool(client.tenant, tenant_id)
    status = view.task
    if task and (status is None or status.task_id != task):
        status = await run_in_threadpool(client.task_status, task)
        if status.tenant_id != tenant_id:
            raise NotFound(f"there is no task {quoted_value(task)} of tenant {quoted_value(tenant_id)}")
    told: dict[str, Any] = {"view": view, "task": status, "shared": None, "drawn": "", "since": ""}
    if status is not None:
        try:
            shared = await kept_plan(request, client, status.plan_id)
        except DamagedData:
            # The plan's record cannot be read: the rest of the page stands.
            why = await run_in_threadpool(_explain, client, status)
            told |= {"task": None, "drawn": piece("_damaged.html", remarks=why)}
        else:
            drawn = await run_in_threadpool(draw_task, client, shared, status, actor.role)
            told |= {"shared": shared, "drawn": drawn, "since": shared.token, "is_live": True}
    return page(request, "tenant.html", "/tenants", **told)


def draw_task(client: Client, shared: SharedPlan, task: TaskStatus, role: Role) -> str:
    """One move, stage by stage; why it stands where it stands; its buttons."""
    verdicts = list((task.verdicts or {}).items())
    tries = max((len(said) for _, said in verdicts), default=0)
    return piece(
        "_move.html",
        task=task,
        plan=shared.live.summary,
        stages=list(stage_lines(shared.live.stages, task)),
        verdicts=verdicts[:INSTANCES_SHOWN],
        tries=tries,
        more=max(0, len(verdicts) - INSTANCES_SHOWN),
        why=remarks_for(Actor("", role), _explain(client, task)),
        buttons=list(task_buttons(task, role, shared.live.possible_of_task(task))) if task.status != DAMAGED else [],
        is_active=task.status in TASK_ACTIVE,
    )


def stage_lines(names: Sequence[str], task: TaskStatus) -> Iterator[StageLine]:
    """The stages of a move in the order in which it takes them; on its way back those that it had touched."""
    order = list(names)
    if task.goes_back:
        order = order[: task.total_stages][::-1]
    failed = task.failure_info.stage_name if task.failure_info else None
    done, under_way = TaskState.COMPLETED, TaskState.RUNNING
    if task.goes_back:
        done, under_way = TaskState.ROLLED_BACK, TaskState.ROLLING_BACK
    for index, name in enumerate(order):
        if name in task.skipped_stages:
            yield StageLine(name, TaskState.CANCELLED, "skipped")
        elif index < task.completed_stages:
            yield StageLine(name, done, "back" if task.goes_back else "done")
        elif name == failed and task.status in (TaskState.FAILED, TaskState.ROLLBACK_FAILED):
            yield StageLine(name, TaskState.FAILED, "failed")
        elif name == task.current_stage:
            yield StageLine(name, under_way, "under way")
        else:
            yield StageLine(name, TaskState.PENDING)


def _explain(client: Client, task: TaskStatus) -> list[Any]:
    try:
        return list(client.explain(task_id=task.task_id).remarks)
    except ChangeoverError:
        # It was purged a moment ago, or cannot be read: the rest of the page says so.
        return []
