"""Who asked for what, when, why, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.json_answers import json_lines
from orchestrator.console.page.rendering import page
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.audit_answers import AuditFilter, read_since

ROWS: Final = 100

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form at the top says, and so every link of the page."""

    actor: str = ""
    tenant: str = ""
    plan: str = ""
    since: str = ""

    @property
    def wanted(self) -> AuditFilter:
        """Raises ``InvalidInput`` for a time that is none."""
        begins = read_since(self.since, "since") if self.since else None
        return AuditFilter(self.actor or None, self.tenant or None, self.plan or None, begins)

    def link(self, path: str, **more: str) -> str:
        """The address of a page with the same filters."""
        given = {name: value for name, value in (asdict(self) | more).items() if value}
        return f"{path}?{urlencode(given)}" if given else path


Filtered = Annotated[Filters, Depends()]


@router.get("/audit")
def show_audit(request: Request, client: ConsoleClient, _: MayRead, filters: Filtered, cursor: str = "") -> Response:
    """A page of the audit, the newest first."""
    found = client.audit_page(filters.wanted, limit=ROWS, cursor=cursor or None, newest_first=True)
    told = {
        "entries": found.entries,
        "filters": filters,
        "first": filters.link("/audit") if cursor else "",
        "following": filters.link("/audit", cursor=found.next_cursor) if found.next_cursor else "",
        "export": filters.link("/audit/export"),
    }
    return page(request, "audit.html", "/audit", **told)


@router.get("/audit/export")
def export_audit(client: ConsoleClient, _: MayRead, filters: Filtered) -> Response:
    """All of it as JSON lines, the oldest first, as a file."""
    wanted = filters.wanted
    entries = client.audit(actor=wanted.actor, tenant=wanted.tenant, plan=wanted.plan, since=wanted.since)
    answer = json_lines(entries)
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
    return answer
