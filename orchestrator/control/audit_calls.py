"""The client's calls on the audit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from orchestrator.control.audit_answers import AuditEntry, AuditFilter, AuditPage
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.cursors import audit_place, cursor_problems
from orchestrator.control.door import ClientDoor
from orchestrator.control.order_gate import pattern_problems
from orchestrator.control.target import asking_about
from orchestrator.domain.whole_numbers import whole_problems

ROWS: Final = 500


@judges_kinds()
class AuditCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def audit(
        self,
        *,
        actor: str | None = None,
        tenant: str | None = None,
        plan: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[AuditEntry]:
        """Who asked for what, when, why, and what came of it, the oldest first and in bounded memory: operations,
        submits, freezes, tokens made and revoked, failed sign-ins. ``actor``, ``tenant``, ``plan``: ids or patterns."""
        wanted, cursor = AuditFilter(actor, tenant, plan, since), None
        while True:
            page = self.audit_page(wanted, limit=ROWS, cursor=cursor)
            yield from page.entries
            if (cursor := page.next_cursor) is None:
                return

    def audit_page(
        self, wanted: AuditFilter, *, limit: int, cursor: str | None, newest_first: bool = False
    ) -> AuditPage:
        """A page of the same, from its cursor on. Raises ``InvalidInput`` for a cursor that no page gave,
        and for what can be no id or pattern."""
        unseen = pattern_problems(actor=wanted.actor, tenant=wanted.tenant, plan=wanted.plan)
        wrong = (whole_problems("limit", limit, 1), cursor_problems(audit_place, cursor))
        with asking_about(self._door.url, unseen, *wrong):
            return self._door.audits.page(wanted, limit, cursor, newest_first=newest_first)
