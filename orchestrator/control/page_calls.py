"""The client's calls on lists a page at a time, on tenants themselves, and on the installation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Unpack

from orchestrator.control.answers import Diagnosis, OperationResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.order_gate import check_patterns
from orchestrator.control.page_answers import (
    CheckpointPage,
    PlanFailures,
    PlanPage,
    TaskPage,
    TenantPage,
    TenantView,
    ValidationResult,
)
from orchestrator.control.target import asking, asking_about, order_about
from orchestrator.control.task_rows import Wanted, check_page
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import Event
from orchestrator.domain.whole_numbers import require_whole
from orchestrator.ledger.connection import translate_errors

MOST_ROWS = 500
"""Of a page."""


@judges_kinds()
class PageCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def validate(
        self, plan: str | Path | Mapping[str, Any] | PlanSpec, *, show: bool = False
    ) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
        """Checks a plan; nothing is written, and mistakes are answers. With ``show`` also what each tenant will do."""
        with translate_errors(self._door.url):
            return self._door.submits.check(plan, show=show)

    def plan_page(
        self, *, statuses: Collection[str] | None = None, limit: int = 50, cursor: str | None = None
    ) -> PlanPage:
        """Plans, or those in these statuses, the newest first; ``cursor`` is the ``next_cursor`` of the page before."""
        _check_limit(limit)
        with translate_errors(self._door.url):
            return self._door.pages.plans(statuses, limit, cursor)

    def task_page(
        self, plan_id: str, *, limit: int = 50, cursor: str | None = None, **wanted: Unpack[Wanted]
    ) -> TaskPage:
        """Tasks of a plan in its order, or those that are asked for as in ``status``; see ``plan_page``."""
        _check_limit(limit)
        found = check_page(wanted)
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.pages.tasks(plan_id, found, limit, cursor)

    def event_page(self, plan_id: str | None = None, since: int = 0, limit: int = 100) -> list[Event]:
        """At most ``limit`` events after sequence id ``since``: see ``events``."""
        _check_limit(limit)
        require_whole("since", since)
        check_patterns(plan_id=plan_id)
        with translate_errors(self._door.url):
            return self._door.pages.events(plan_id, since, limit)

    def checkpoint_page(self, plan_id: str, *, limit: int = 50, cursor: str | None = None) -> CheckpointPage:
        """What is kept of tasks of a plan; see ``plan_page``."""
        _check_limit(limit)
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.pages.checkpoints(plan_id, limit, cursor)

    def failures(self, plan_id: str) -> PlanFailures:
        """Why a plan's tasks failed, by cause."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.pages.failures(plan_id)

    def tenant(self, tenant_id: str) -> TenantView:
        """A tenant: what it runs, its last known good, who holds it, its moves."""
        with asking_about(self._door.url, tenant_id=tenant_id):
            return self._door.pages.tenant(tenant_id)

    def tenants(
        self, *, label: str | None = None, pattern: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> TenantPage:
        """Tenants with a label (``region=eu``), or whose id is like a pattern; see ``plan_page``."""
        _check_limit(limit)
        check_patterns(label=label, pattern=pattern)
        with translate_errors(self._door.url):
            return self._door.pages.tenants(label, pattern, limit, cursor)

    def release_tenant(
        self,
        tenant_id: str,
        *,
        reason: str,
        actor: str | None = None,
        force: bool = False,
        request_id: str | None = None,
    ) -> OperationResult:
        """Takes a tenant from its holder when all else failed: the holder's task fails and can record nothing more;
        refused while that is alive, unless ``force``."""
        order = order_about({"tenant_id": tenant_id}, actor, reason, request_id, force=force, needs_reason=True)
        with asking(self._door.url, order):
            return self._door.operates.release_tenant(tenant_id, order)

    def doctor(self) -> Diagnosis:
        """Looks the installation over: servers, processes, plans."""
        with translate_errors(self._door.url):
            return self._door.doctor()


def _check_limit(limit: int) -> None:
    require_whole("limit", limit, 1, MOST_ROWS)
