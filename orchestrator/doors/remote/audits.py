"""The audit, asked of a console."""

from __future__ import annotations

from orchestrator.control.audit_answers import AuditFilter, AuditPage
from orchestrator.doors.remote.answers import next_page
from orchestrator.doors.remote.connection import Connection


class RemoteAudits:
    """By requests, a page each."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def page(self, wanted: AuditFilter, limit: int, cursor: str | None, *, newest_first: bool = False) -> AuditPage:
        query = {"actor": wanted.actor, "tenant": wanted.tenant, "plan": wanted.plan, "limit": limit, "cursor": cursor}
        since = wanted.since and wanted.since.isoformat()
        order = "true" if newest_first else None
        return next_page(AuditPage, self._to.get("/audit", **query, since=since, newestFirst=order), cursor)
