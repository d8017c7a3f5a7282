"""Freezes: times in which some tenants are not moved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from orchestrator.console.access.roles import MayFreeze, MayRead
from orchestrator.console.api.bodies import Asked, FreezeAsked, FreezeId, RequestId, named
from orchestrator.console.api.json_answers import MaskedJson, answered
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import OperationResult
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.control.page_answers import FreezeList
from orchestrator.domain.moments import moment_or_as_given

router = APIRouter(tags=["freezes"], default_response_class=MaskedJson)


@router.get("/freezes", response_model=FreezeList)
def get_freezes(
    client: ConsoleClient,
    actor: MayRead,
    tenant: Annotated[str | None, Query(description="Only those that cover this tenant.")] = None,
) -> FreezeList:
    """Those that are set and not over: 200 at most."""
    return FreezeList(freezes=client.freezes(tenant))


@router.post("/freezes", response_model=FreezeStatus, status_code=201)
def post_freeze(
    body: FreezeAsked,
    client: ConsoleClient,
    actor: MayFreeze,
    request_id: RequestId,
) -> FreezeStatus:
    """Admits no move of some tenants for a time; what runs ends its stages."""
    return client.freeze(
        reason=body.reason,
        tenants=body.tenants,
        label=body.label,
        all_tenants=body.all,
        since=moment_or_as_given(body.since),
        until=moment_or_as_given(body.until),
        for_seconds=body.for_seconds,
        every=body.every,
        rollbacks_too=body.rollbacks_too,
        actor=named(actor, body),
        request_id=request_id,
    )


@router.delete("/freezes/{freezeId:id}", response_model=OperationResult)
def delete_freeze(
    freeze_id: FreezeId,
    body: Asked,
    request: Request,
    client: ConsoleClient,
    actor: MayFreeze,
    request_id: RequestId,
) -> OperationResult | Response:
    """Lifts a freeze; who waits for it goes on."""
    result = client.unfreeze(freeze_id, reason=body.reason, actor=named(actor, body), request_id=request_id)
    return answered(result, request)
