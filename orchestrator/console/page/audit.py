"""Who asked for what, when, why, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from orchestrator.console.access.roles import Actor, Permission, needs
from orchestrator.console.page.rendering import page
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.audit_answers import AuditFilter, read_since

ROWS: Final = 100
FIRST: Final = timedelta(days=7)
"""So far back the page begins, unless it is told."""

router = APIRouter()


@router.get("/audit")
def show_audit(
    request: Request,
    client: ConsoleClient,
    _: Annotated[Actor, needs(Permission.READ)],
    actor: str = "",
    tenant: str = "",
    plan: str = "",
    since: str = "",
    cursor: str = "",
) -> Response:
    """A page of the audit, the oldest first."""
    begins = since or (datetime.now(UTC) - FIRST).date().isoformat()
    wanted = AuditFilter(actor or None, tenant or None, plan or None, read_since(begins, "since"))
    found = client.audit_page(wanted, limit=ROWS, cursor=cursor or None)
    given = {"actor": actor, "tenant": tenant, "plan": plan, "since": begins, "cursor": found.next_cursor or ""}
    following = "/audit?" + urlencode({name: value for name, value in given.items() if value})
    told = {"entries": found.entries, "following": following if found.next_cursor else "", "since": begins}
    return page(request, "audit.html", "/audit", asked=actor, tenant=tenant, plan=plan, **told)
