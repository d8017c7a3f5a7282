"""Tasks of plans, and a plan while somebody looks at it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.bodies import MOST_ROWS, Limit, PageCursor, PlanId, TaskId
from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.console.api.shared import SharedParts
from orchestrator.console.numbers import WholeNumber
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import CheckpointStatus, TaskStatus
from orchestrator.control.page_answers import CheckpointPage, LivePlanView, TaskPage
from orchestrator.control.task_rows import Wanted, page_problems
from orchestrator.domain.errors import InvalidInput, Problem

MOST_LOOKED_THROUGH: Final = 1_000_000
"""Tasks: 500 steps of a script that takes two milliseconds each."""

router = APIRouter(tags=["tasks"], default_response_class=MaskedJson)


@router.get("/plans/{planId:plan}/tasks", response_model=TaskPage)
def get_tasks(
    plan_id: PlanId,
    client: ConsoleClient,
    actor: MayRead,
    status: Annotated[list[str] | None, Query(description="Only tasks in this status; may be given again.")] = None,
    tenant: Annotated[str | None, Query(description="Only tenants of this id or pattern (`eu-*`).")] = None,
    wave: Annotated[str | None, Query(description="Only tasks of the wave of this name.")] = None,
    cause: Annotated[str | None, Query(description="Only failures of this type or pattern (`Health*`).")] = None,
    limit: Annotated[WholeNumber, Query(ge=0, le=MOST_ROWS, description="Rows of a page.")] = 50,
    cursor: PageCursor = None,
    sort: Annotated[
        Literal["plan", "interest"] | None,
        Query(description="With `offset`: in the plan's order, or what failed first, then what moves."),
    ] = None,
    offset: Annotated[
        WholeNumber | None, Query(ge=0, le=10**9, description="In place of a cursor: rows before the page.")
    ] = None,
) -> TaskPage:
    """Tasks in the plan's order, a page at a time. A page may hold fewer rows than asked for, and end nothing: only one
    without `nextCursor` is the last.

    With `sort` or `offset` rows are counted instead, and `matching` says how many there are. The whole plan may have to
    be looked through for that, so it is for plans of at most a million tasks.
    """
    wanted: Wanted = {"statuses": status, "tenants": tenant, "cause": cause, "wave": wave}
    if sort is None and offset is None:
        return client.task_page(plan_id, limit=max(limit, 1), cursor=cursor, **wanted)
    if cursor is not None:
        both = Problem("cursor", cursor, "sort and offset count rows; give either them or a cursor")
        raise InvalidInput([*page_problems(wanted), both])
    if sum(client.summary(plan_id).counts.values()) > MOST_LOOKED_THROUGH:
        message = f"the plan has more than {MOST_LOOKED_THROUGH} tasks: read them by cursor, without sort and offset"
        raise InvalidInput([Problem("sort", sort, message)])
    found = client.status(plan_id, limit=limit, offset=offset or 0, by_interest=sort == "interest", **wanted)
    return TaskPage(plan_id=plan_id, tasks=found.tasks, matching=found.matching)


@router.get("/plans/{planId:plan}/live", response_model=LivePlanView)
def get_live(
    plan_id: PlanId,
    shared: SharedParts,
    actor: MayRead,
    task: Annotated[list[str] | None, Query(max_length=200, description="Moving tasks that are told in full.")] = None,
) -> LivePlanView:
    """The plan as it is at this moment: what moves, how fast, what failed of what. Read once for all who look."""
    return shared.board.view(plan_id, task or ())


@router.get("/plans/{planId:plan}/checkpoints", response_model=CheckpointPage)
def get_checkpoints(
    plan_id: PlanId,
    client: ConsoleClient,
    actor: MayRead,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> CheckpointPage:
    """What is kept of its tasks for going on; of the next `limit` tasks those that have something."""
    return client.checkpoint_page(plan_id, limit=limit, cursor=cursor)


@router.get("/tasks/{taskId:id}", response_model=TaskStatus)
def get_task(task_id: TaskId, client: ConsoleClient, actor: MayRead) -> TaskStatus:
    """One task, and what its tenant is."""
    return client.task_status(task_id)


@router.get("/tasks/{taskId:id}/checkpoint", response_model=CheckpointStatus)
def get_checkpoint(
    task_id: TaskId,
    client: ConsoleClient,
    actor: MayRead,
) -> CheckpointStatus:
    """What is kept of it for going on after its last good stage, or that nothing is."""
    return client.checkpoint(task_id)
