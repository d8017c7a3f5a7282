"""What ``Client`` stands on: the ledger's own parts, or those that ask a console for the same.

One protocol a part, in the words that the client hands on: what is given is read (targets, filters, orders), and errors
are ours. Whoever stands behind the door, the answers and the errors are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from orchestrator.control.answers import (
    CheckpointStatus,
    DamagedTask,
    Diagnosis,
    Explanation,
    OperationResult,
    PlanStatus,
    PlanSummary,
    PurgedTenant,
    PurgeResult,
    SubmitResult,
    TaskStatus,
)
from orchestrator.control.audit_answers import AuditFilter, AuditPage
from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.control.export import Line
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.control.live_plan import LiveView
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.page_answers import (
    CheckpointPage,
    PlanFailures,
    PlanPage,
    TaskPage,
    TenantPage,
    TenantView,
    ValidationResult,
)
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.control.purging import EndedBefore, Exported, Progress
from orchestrator.control.target import Aside, OperationTarget
from orchestrator.control.task_rows import EVERY_TASK, TaskFilter
from orchestrator.control.token_desk import NewToken, SignInLink, TokenStatus
from orchestrator.control.webhook_answers import DeadLetter, WebhookAnswer, WebhookStatus
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import Event
from orchestrator.fleet.freezes import Scope
from orchestrator.ledger.failure_answers import Chunked, Word
from orchestrator.ledger.operations import Operation, Order

PlanSource = str | Path | Mapping[str, Any] | PlanSpec


class Submits(Protocol):
    """Checks, previews and submits plans."""

    def check(self, plan: PlanSource, *, show: bool) -> tuple[ValidationResult, Iterator[dict[str, Any]]]: ...

    def preview(
        self, plan: PlanSource, *, against_plan: str | None, skip_identical: bool
    ) -> Iterator[TenantPreview | PreviewEnd]: ...

    def submit(
        self,
        plan: PlanSource,
        progress: Callable[[int], None],
        *,
        preview: str | None,
        skip_identical: bool,
        actor: str,
    ) -> SubmitResult: ...


class Tells(Protocol):
    """How plans, tasks and tenants stand."""

    def plan(
        self,
        plan_id: str,
        wanted: TaskFilter = EVERY_TASK,
        *,
        limit: int | None = None,
        offset: int = 0,
        by_interest: bool = False,
    ) -> PlanStatus: ...

    def tasks(self, plan_id: str, wanted: TaskFilter) -> Iterator[TaskStatus]: ...

    def summary(self, plan_id: str) -> PlanSummary: ...

    def plans(self) -> list[PlanSummary]: ...

    def task(self, task_id: str) -> TaskStatus: ...

    def tenant(self, tenant_id: str) -> TaskStatus: ...


class TellsInPages(Protocol):
    """The same of many, a page at a time."""

    def plans(self, statuses: Collection[str] | None, limit: int, cursor: str | None) -> PlanPage: ...

    def tasks(self, plan_id: str, wanted: TaskFilter, limit: int, cursor: str | None) -> TaskPage: ...

    def failures(self, plan_id: str) -> PlanFailures: ...

    def tenant(self, tenant_id: str) -> TenantView: ...

    def tenants(self, label: str | None, pattern: str | None, limit: int, cursor: str | None) -> TenantPage: ...

    def events(self, plan_id: str | None, since: int, limit: int) -> list[Event]: ...

    def checkpoints(self, plan_id: str, limit: int, cursor: str | None) -> CheckpointPage: ...


class Operates(Protocol):
    """Takes operations."""

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult: ...

    def retry_some(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult: ...

    def answer_gate(self, plan_id: str, wave: str, order: Order, *, approves: bool) -> OperationResult: ...

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult: ...

    def task_id_of(self, target: OperationTarget) -> str: ...


class AnswersFailures(Protocol):
    """Takes answers to failures."""

    def on_task(self, word: Word, target: OperationTarget, task_id: str, order: Order) -> OperationResult: ...

    def on_plan(self, word: Chunked, plan_id: str, pattern: str | None, order: Order) -> OperationResult: ...


class SetsFreezes(Protocol):
    """Sets, lifts and lists freezes."""

    def set(
        self,
        scope: Scope,
        order: Order,
        *,
        since: datetime | None,
        until: datetime | None,
        for_seconds: float | None,
        every: str | None,
        rollbacks_too: bool,
    ) -> FreezeStatus: ...

    def lift(self, freeze_id: str, order: Order) -> OperationResult: ...

    def override(self, plan_id: str, order: Order) -> OperationResult: ...

    def all(self, tenant_id: str | None) -> list[FreezeStatus]: ...


class TakesOut(Protocol):
    """Takes ended plans out."""

    def plan(
        self, plan_id: str, order: Order, export: Path | None, progress: Progress, *, seen: str = ""
    ) -> PurgeResult: ...

    def answered(self, plan_id: str, order: Order) -> PurgeResult | None: ...

    def listed(self, before: EndedBefore, request_id: str = "") -> list[str]: ...

    def ended_before(
        self, before: EndedBefore, order: Order, export: Path | None, progress: Progress, *, seen: Exported = None
    ) -> PurgeResult: ...


class Explains(Protocol):
    """Says why."""

    def target(self, target: OperationTarget, *, whole: bool = False) -> Explanation: ...

    def damaged_tasks(self, plan_id: str) -> list[DamagedTask]: ...


class Waits(Protocol):
    """Blocks until something is so."""

    def plan(
        self, plan_id: str, timeout_seconds: float | None = None, *, until_paused: bool = False, meanwhile: Aside = ...
    ) -> str: ...

    def task(self, task_id: str, *, until_paused: bool = False, meanwhile: Aside = ...) -> str: ...

    def events(self, plan_id: str | None, since: int, *, follow: bool) -> Iterator[Event]: ...


class Keeps(Protocol):
    """What is kept: checkpoints, what a purge has left, a plan written down."""

    def checkpoint(self, task_id: str) -> CheckpointStatus: ...

    def checkpoints(self, plan_id: str) -> list[CheckpointStatus]: ...

    def purged_tenant(self, tenant_id: str) -> PurgedTenant | None: ...

    def export(self, plan_id: str, *, damaged: bool = False) -> Iterator[Line]: ...


class IssuesTokens(Protocol):
    """Makes, lists and revokes tokens of the console."""

    def create(
        self, name: str, role: str, expires_seconds: float | None, order: Order, secret: str | None
    ) -> NewToken: ...

    def all(self) -> list[TokenStatus]: ...

    def revoke(self, name: str, order: Order) -> OperationResult: ...

    def link(self, name: str | None, actor: str) -> SignInLink: ...


class TellsWhoAsked(Protocol):
    """Who asked for what."""

    def page(self, wanted: AuditFilter, limit: int, cursor: str | None, *, newest_first: bool = False) -> AuditPage: ...


class Notifies(Protocol):
    """Looks after webhooks."""

    def all(self) -> list[WebhookStatus]: ...

    def dead(self, name: str, first: int, count: int) -> list[DeadLetter]: ...

    def resend(self, name: str, ids: Collection[str], order: Order) -> WebhookAnswer: ...

    def enable(self, name: str, order: Order) -> WebhookAnswer: ...

    def test(self, name: str, order: Order) -> str: ...

    def outcome(self, name: str, event_id: str) -> str | None: ...


class ClientDoor(Protocol):
    """All of it. ``url`` is where it leads, for errors that name it."""

    @property
    def url(self) -> str: ...

    @property
    def submits(self) -> Submits: ...

    @property
    def tells(self) -> Tells: ...

    @property
    def pages(self) -> TellsInPages: ...

    @property
    def operates(self) -> Operates: ...

    @property
    def failures(self) -> AnswersFailures: ...

    @property
    def freezes(self) -> SetsFreezes: ...

    @property
    def purges(self) -> TakesOut: ...

    @property
    def explains(self) -> Explains: ...

    @property
    def waits(self) -> Waits: ...

    @property
    def keeps(self) -> Keeps: ...

    @property
    def tokens(self) -> IssuesTokens: ...

    @property
    def webhooks(self) -> Notifies: ...

    @property
    def audits(self) -> TellsWhoAsked: ...

    def identify(self, identifier: str, *, plan_first: bool) -> OperationTarget: ...

    def drift(self, plan_id: str | None, tenants: str | None) -> Iterator[TenantDrift | DriftEnd]: ...

    def live(self, plan_id: str) -> LiveView: ...

    def doctor(self) -> Diagnosis: ...

    def close(self) -> None: ...
