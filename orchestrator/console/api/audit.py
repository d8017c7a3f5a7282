"""Who asked for what, when, why, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, WithJsonSchema

from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.bodies import Limit, PageCursor
from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.audit_answers import AuditFilter, AuditPage
from orchestrator.domain.moments import read_moment

router = APIRouter(tags=["audit"], default_response_class=MaskedJson)
Since = Annotated[
    datetime | None,
    BeforeValidator(read_moment),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]}),
    Query(description="From this time on (ISO 8601)."),
]
Pattern = Annotated[str | None, Query(description="An id, or a pattern (`eu-*`).")]


@router.get("/audit", response_model=AuditPage)
def get_audit(
    client: ConsoleClient,
    asking: MayRead,
    actor: Pattern = None,
    tenant: Pattern = None,
    plan: Pattern = None,
    since: Since = None,
    newest_first: Annotated[bool, Query(alias="newestFirst", description="The newest first.")] = False,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> AuditPage:
    """Requests, the oldest first: operations, submits, freezes, tokens made and revoked, failed sign-ins."""
    wanted = AuditFilter(actor, tenant, plan, since)
    return client.audit_page(wanted, limit=limit, cursor=cursor, newest_first=newest_first)
