"""The client's calls on lists a page at a time, on tenants themselves, and on the installation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Unpack

from orchestrator.control.answers import Diagnosis, OperationResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.cursors import cursor_problems, plan_place, task_place, tenant_place
from orchestrator.control.door import ClientDoor
from orchestrator.control.order_gate import pattern_problems
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
from orchestrator.control.task_rows import Wanted, page_problems, task_filter
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.errors import Problem
from orchestrator.domain.events import Event
from orchestrator.domain.naming import unknown
from orchestrator.domain.status import PlanState
from orchestrator.domain.whole_numbers import whole_problems
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
        with asking_about(self._door.url, _no_states(statuses), _wrong(limit, plan_place, cursor)):
            return self._door.pages.plans(statuses, limit, cursor)

    def task_page(
        self, plan_id: str, *, limit: int = 50, cursor: str | None = None, **wanted: Unpack[Wanted]
    ) -> TaskPage:
        """Tasks of a plan in its order, or those that are asked for as in ``status``; see ``plan_page``."""
        with asking_about(self._door.url, page_problems(wanted), _wrong(limit, task_place, cursor), plan_id=plan_id):
            return self._door.pages.tasks(plan_id, task_filter(wanted), limit, cursor)

    def event_page(self, plan_id: str | None = None, since: int = 0, limit: int = 100) -> list[Event]:
        """At most ``limit`` events after sequence id ``since``: see ``events``."""
        with asking_about(
            self._door.url, pattern_problems(plan_id=plan_id), whole_problems("since", since), _wrong(limit)
        ):
            return self._door.pages.events(plan_id, since, limit)

    def checkpoint_page(self, plan_id: str, *, limit: int = 50, cursor: str | None = None) -> CheckpointPage:
        """What is kept of tasks of a plan; see ``plan_page``."""
        with asking_about(self._door.url, _wrong(limit, task_place, cursor), plan_id=plan_id):
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
        unlike = pattern_problems(label=label, pattern=pattern)
        if label is not None and not unlike and not all(label.partition("=")):
            unlike = [Problem("label", label, "expected a label such as region=eu")]
        with asking_about(self._door.url, unlike, _wrong(limit, tenant_place, cursor)):
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


def _no_states(statuses: Collection[str] | None) -> list[Problem]:
    known = [state.value for state in PlanState]
    return [Problem("status", one, unknown("status", one, known)) for one in statuses or () if one not in known]


def _wrong(limit: int, place: Callable[[str | None], object] | None = None, cursor: str | None = None) -> list[Problem]:
    """Of a page that begins where ``place`` reads the cursor."""
    return whole_problems("limit", limit, 1, MOST_ROWS) + ([] if place is None else cursor_problems(place, cursor))
