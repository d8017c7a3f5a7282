"""Plans: submitted, checked, previewed, listed, purged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from orchestrator.console.access.roles import MayAsk, MayPurge, MayRead, MaySubmit, Permission
from orchestrator.console.api.bodies import (
    PURGE,
    Limit,
    PageCursor,
    PlanId,
    PurgeAsked,
    PurgeEndedAsked,
    RequestId,
    named,
)
from orchestrator.console.api.json_answers import MaskedJson, json_lines, json_of
from orchestrator.console.api.masked_export import masked_lines
from orchestrator.console.api.reading_plan import PlanBody
from orchestrator.console.api.shared import SharedParts
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import PlanSummary, PurgeResult, SubmitResult
from orchestrator.control.page_answers import DamagedTasks, PlanFailures, PlanPage, ValidationResult
from orchestrator.control.target import order_about
from orchestrator.domain.errors import Problem

router = APIRouter(tags=["plans"], default_response_class=MaskedJson)
SkipIdentical = Annotated[
    bool, Query(alias="skipIdentical", description="Leave tenants out that are at the target already.")
]


@router.post(
    "/plans",
    status_code=201,
    response_model=SubmitResult,
    responses={200: {"model": SubmitResult, "description": "It was there already, the same."}},
)
async def post_plan(
    plan: PlanBody,
    client: ConsoleClient,
    shared: SharedParts,
    actor: MaySubmit,
    response: Response,
    preview: Annotated[
        str | None, Query(description="The digest of a preview: 409 if a tenant has moved since.")
    ] = None,
    skip_identical: SkipIdentical = False,
    override_freeze: Annotated[
        str | None, Query(alias="overrideFreeze", description="A reason: the plan passes all freezes.")
    ] = None,
) -> SubmitResult:
    """Checks a plan and writes it. The same plan twice is one plan."""
    if override_freeze is not None:
        actor.require(Permission.OVERRIDE_FREEZE)
    written: list[int] = []

    def submit() -> SubmitResult:
        return client.submit(
            plan.values(),
            written.append,
            preview=preview,
            skip_identical=skip_identical,
            override_freeze=override_freeze,
            actor=actor.name,
        )

    result = await shared.checks.run(actor.name, submit, plan.size)
    # Only a plan that was not there is written.
    response.status_code = 201 if written else 200
    return result


@router.post("/plans:validate", response_model=ValidationResult)
async def post_plan_to_validate(
    plan: PlanBody,
    client: ConsoleClient,
    shared: SharedParts,
    actor: MayAsk,
    show: Annotated[bool, Query(description="Also what each tenant will do, rendered, as `tenants`.")] = False,
) -> Any:
    """Checks a plan; nothing is written. Mistakes are the answer, all at once, not an error."""

    def check() -> MaskedJson:
        result, tenants = client.validate(plan.values(), show=show)
        return MaskedJson(json_of(result) | ({"tenants": list(tenants)} if show else {}))

    return await shared.checks.run(actor.name, check, plan.size)


@router.post("/plans:preview")
async def post_plan_to_preview(
    plan: PlanBody,
    client: ConsoleClient,
    shared: SharedParts,
    actor: MayAsk,
    against_plan: Annotated[
        str | None, Query(alias="againstPlan", description="Compare with this plan's configs, not the last known good.")
    ] = None,
    skip_identical: SkipIdentical = False,
) -> Response:
    """What a plan would change, a tenant a line, then a line with the digest that a submit can be bound to."""

    def preview() -> Response:
        return json_lines(client.preview(plan.values(), against_plan=against_plan, skip_identical=skip_identical), run)

    async def run(piece: Callable[[], bytes]) -> bytes:
        return await shared.checks.run(actor.name, piece, plan.size)

    return await shared.checks.run(actor.name, preview, plan.size)


@router.get("/plans", response_model=PlanPage)
def get_plans(
    client: ConsoleClient,
    actor: MayRead,
    status: Annotated[list[str] | None, Query(description="Only plans in this status; may be given again.")] = None,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> PlanPage:
    """Plans, the newest first."""
    return client.plan_page(statuses=status, limit=limit, cursor=cursor)


@router.get("/plans/{planId:plan}", response_model=PlanSummary)
def get_plan(plan_id: PlanId, client: ConsoleClient, actor: MayRead) -> PlanSummary:
    """One plan without its tasks: counts, waves, breaker, what it waits for."""
    return client.summary(plan_id)


@router.get("/plans/{planId:plan}/failures", response_model=PlanFailures)
def get_failures(plan_id: PlanId, shared: SharedParts, actor: MayRead) -> PlanFailures:
    """Why its tasks failed: by cause, the most frequent first, with how many and a few of whom."""
    return shared.board.failures(plan_id)


@router.get("/plans/{planId:plan}/damaged", response_model=DamagedTasks)
def get_damaged(
    plan_id: PlanId,
    client: ConsoleClient,
    shared: SharedParts,
    actor: MayRead,
) -> DamagedTasks:
    """Its tasks whose records a hand has damaged, while it is under way."""
    found = shared.recent.get(("damaged", plan_id), lambda: client.damaged_tasks(plan_id))
    return DamagedTasks(plan_id=plan_id, tasks=found)


@router.get("/plans/{planId:plan}/export")
def get_export(plan_id: PlanId, client: ConsoleClient, actor: MayRead, damaged: bool = False) -> Response:
    """The plan whole, as JSON lines: the plan, its tasks with their configs (secrets masked), its log. `damaged`: what
    can be read of one that a hand has damaged."""
    return json_lines(masked_lines(client.export(plan_id, damaged=damaged)))


@router.post("/plans/{planId:plan}/purge", response_model=PurgeResult)
def post_purge(
    plan_id: PlanId,
    client: ConsoleClient,
    actor: MayPurge,
    request_id: RequestId,
    body: PurgeAsked = PURGE,
) -> PurgeResult:
    """Takes an ended plan out of the ledger, its log with it. Tenants keep their last known good."""
    if body.dry_run:
        return client.purge_answer(plan_id, request_id=request_id, force=body.force) or PurgeResult(purged=[])
    return client.purge(
        plan_id,
        reason=body.reason,
        actor=named(actor, body),
        request_id=request_id,
        force=body.force,
        seen=body.last_plan_sequence_id,
    )


@router.post("/plans:purge", response_model=PurgeResult)
def post_purge_of_ended(
    body: PurgeEndedAsked,
    client: ConsoleClient,
    actor: MayPurge,
    request_id: RequestId,
) -> PurgeResult:
    """The same for every plan that ended before a time; or lists them (`dryRun`)."""
    if (body.ended_before is None) is (body.ended_ago_seconds is None):
        seconds = "ended_ago_seconds" in body.model_fields_set and body.ended_ago_seconds is None
        wrong = (
            Problem("endedAgoSeconds", None, "give seconds here, or a time as endedBefore")
            if seconds
            else Problem("endedBefore", None, "give a time here, or seconds as endedAgoSeconds")
        )
        order_about({}, named(actor, body), body.reason, request_id, [wrong])
    before = body.ended_before or timedelta(seconds=body.ended_ago_seconds or 0)
    if body.dry_run:
        return PurgeResult(purged=client.ended_before(before, request_id=request_id))
    return client.purge_ended(
        before,
        reason=body.reason,
        actor=named(actor, body),
        request_id=request_id,
        seen=body.last_plan_sequence_ids,
    )
