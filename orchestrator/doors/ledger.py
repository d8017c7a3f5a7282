"""The door that leads into the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

from orchestrator.control.answers import Diagnosis
from orchestrator.control.audit import AuditReader
from orchestrator.control.back_waits import StatusInFull
from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.control.failure_desk import FailureDesk
from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.control.held_retry import none_starts
from orchestrator.control.keeping import Keeping
from orchestrator.control.operations import Operator
from orchestrator.control.page_answers import (
    CheckpointPage,
    PlanFailures,
    PlanPage,
    TaskPage,
    TenantPage,
    TenantView,
)
from orchestrator.control.pages import Pages
from orchestrator.control.plan_failures import plan_failures
from orchestrator.control.possible import PossibleVerbs
from orchestrator.control.purging import Purger
from orchestrator.control.status import StatusReader
from orchestrator.control.target import OperationTarget, identify
from orchestrator.control.task_rows import TaskFilter
from orchestrator.control.tenant_pages import TenantPages
from orchestrator.control.token_desk import TokenDesk
from orchestrator.control.waiting import Waiting, news_of
from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.control.webhook_desk import WebhookDesk
from orchestrator.domain.events import Event
from orchestrator.ledger.audit_reads import AuditReads
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.hooks import Hooks
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.tokens import Tokens
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers

if TYPE_CHECKING:
    from orchestrator.control.explain import Explainer
    from orchestrator.validation.submitting import Submitter


class LedgerDoor:
    """Stands on a connection to Redis; what that raises is translated by who calls."""

    def __init__(self, settings: Settings) -> None:
        """Raises ``Unreachable`` when no server is named, ``InvalidInput`` for one that cannot be dialled."""
        self._settings = settings
        self._servers = find_servers(settings)
        self.url = self._servers.redis_url
        self._redis = connect(self.url, patient=False, replicas=settings.redis, namespace=settings.namespace)
        self._ledger = ledger = Ledger(self._redis, settings)
        self.reader = reader = Reader(self._redis, ledger.keys)
        self.tells = StatusInFull(reader)
        self.operates = Operator(ledger, reader, self._holds)
        self.failures = FailureDesk(FailureAnswers(ledger), reader)
        self.freezes = FreezeDesk(Freezes(ledger), reader)
        self.purges = Purger(Purges(ledger), reader)
        self.waits = Waiting(reader, StatusReader(reader), news_of(reader))
        self.tokens = TokenDesk(Tokens(ledger))
        self.webhooks = WebhookDesk(Hooks(ledger))
        self.audits = AuditReader(AuditReads(self._redis, ledger.keys))
        self.keeps = Keeping(reader, settings)
        self.pages = LedgerPages(self, Pages(reader), TenantPages(reader, self.freezes))

    # What few commands need and brings most of the code is loaded at first use: half of a command's start.

    @cached_property
    def submits(self) -> Submitter:
        from orchestrator.validation.submitting import Submitter

        return Submitter(self._ledger, self.reader, self._settings)

    @cached_property
    def explains(self) -> Explainer:
        from orchestrator.control.explain import Explainer

        return Explainer(self._ledger, self.reader, self._settings, self.url)

    def _holds(self, retried: OperationTarget) -> str:
        return none_starts(retried, self.tells.summary, lambda target: self.explains.target(target))

    def identify(self, identifier: str, *, plan_first: bool) -> OperationTarget:
        return identify(self.reader, identifier, plan_first=plan_first)

    def drift(self, plan_id: str | None, tenants: str | None) -> Iterator[TenantDrift | DriftEnd]:
        from orchestrator.drift.drift import look_for_drift

        yield from look_for_drift(self.reader, self._settings, plan_id=plan_id, tenants=tenants)

    def live(self, plan_id: str) -> WatchedPlan:
        possible = PossibleVerbs(Operations(self._ledger))
        return WatchedPlan(self.reader, plan_id, partial(translate_errors, self.url), possible)

    def doctor(self) -> Diagnosis:
        from orchestrator.control.doctor import examine

        return examine(self._settings, self._servers)

    def close(self) -> None:
        """May be called twice."""
        self._redis.close()


class LedgerPages:
    """Lists of the ledger, a page at a time."""

    def __init__(self, door: LedgerDoor, pages: Pages, tenants: TenantPages) -> None:
        self._door = door
        self._pages = pages
        self._tenants = tenants

    def plans(self, statuses: Collection[str] | None, limit: int, cursor: str | None) -> PlanPage:
        return self._pages.plans(statuses, limit, cursor)

    def tasks(self, plan_id: str, wanted: TaskFilter, limit: int, cursor: str | None) -> TaskPage:
        return self._pages.tasks(plan_id, wanted, limit, cursor)

    def failures(self, plan_id: str) -> PlanFailures:
        return plan_failures(self._door.live(plan_id))

    def tenant(self, tenant_id: str) -> TenantView:
        return self._tenants.one(tenant_id)

    def tenants(self, label: str | None, pattern: str | None, limit: int, cursor: str | None) -> TenantPage:
        return self._tenants.page(label, pattern, limit, cursor)

    def events(self, plan_id: str | None, since: int, limit: int) -> list[Event]:
        if plan_id is not None:
            self._door.tells.summary(plan_id)
        return self._door.reader.pages.events(plan_id, since, limit)

    def checkpoints(self, plan_id: str, limit: int, cursor: str | None) -> CheckpointPage:
        return self._door.keeps.checkpoint_page(plan_id, limit, cursor)
