"""The Python client: submit plans, follow them, operate them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack

from orchestrator.control.answers import (
    OperationResult,
    PlanStatus,
    PlanSummary,
    SubmitResult,
    TaskStatus,
)
from orchestrator.control.audit_calls import AuditCalls
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.control.explain_calls import ExplainCalls
from orchestrator.control.failure_calls import FailureCalls
from orchestrator.control.fleet_calls import FleetCalls
from orchestrator.control.freeze_calls import FreezeCalls, pass_freezes
from orchestrator.control.live_plan import LiveView
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.order_gate import check_patterns, pattern_problems
from orchestrator.control.page_calls import PageCalls
from orchestrator.control.plan_mistakes import check_with_plan
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.control.retention_calls import RetentionCalls
from orchestrator.control.target import (
    Aside,
    OperationTarget,
    asking,
    asking_about,
    check_target,
    order_of,
    target_and_order,
)
from orchestrator.control.task_rows import Wanted, page_problems, task_filter
from orchestrator.control.token_calls import TokenCalls
from orchestrator.control.webhook_calls import WebhookCalls
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import Event
from orchestrator.domain.whole_numbers import whole_problems
from orchestrator.doors.opening import open_console, open_door
from orchestrator.ledger.connection import translate_errors
from orchestrator.ledger.operations import Operation, Order
from orchestrator.plans.preview_digest import parse_digest
from orchestrator.settings.model import Settings


@judges_kinds()
class Client(
    PageCalls,
    RetentionCalls,
    ExplainCalls,
    FailureCalls,
    FreezeCalls,
    FleetCalls,
    TokenCalls,
    WebhookCalls,
    AuditCalls,
    AbstractContextManager["Client"],
):
    """One namespace, as seen by an operator or a script. Use as a context manager, or ``close`` it.

    Every method raises ``Unreachable`` when Redis does not answer, ``NotFound`` for an unknown plan, task or tenant.
    """

    def __init__(self, settings: Settings | None = None, *, door: ClientDoor | None = None) -> None:
        """Without arguments it works through the console that ``CHANGEOVER_API_URL`` names; without that, on the Redis
        of the environment's settings, or of the ``changeover up`` in this folder. With ``settings`` on their Redis.
        """
        self._door = door or open_door(settings)

    @classmethod
    def through(cls, url: str, token: str) -> Client:
        """One that works through the console at this address, with a token of it."""
        return cls(door=open_console(url, token))

    def submit(
        self,
        plan: str | Path | Mapping[str, Any] | PlanSpec,
        progress: Callable[[int], None] = lambda _: None,
        *,
        preview: str | None = None,
        skip_identical: bool = False,
        override_freeze: str | None = None,
        actor: str | None = None,
    ) -> SubmitResult:
        """Checks a plan (a file's path, or the plan itself) and writes it. The same plan twice is one plan.

        ``progress`` is told how many tenants are written. ``override_freeze``, a reason, lets the plan pass all
        freezes, also one that was there. Raises ``InvalidInput`` with all that is wrong, before anything is written,
        ``PlanConflict`` when the id belongs to other content, ``NotAllowed`` when what was there cannot pass any more.

        ``preview``: the digest of a preview; raises ``TenantsMoved`` when one of the tenants has moved since.
        ``skip_identical`` leaves those out that are at the target; raises ``NotAllowed`` when nobody is left.
        """
        asks = partial(order_of, actor, "", None, override_freeze=override_freeze)
        check_with_plan(self._door, plan, asks, partial(parse_digest, preview))
        with translate_errors(self._door.url):
            result = self._door.submits.submit(
                plan, progress, preview=preview, skip_identical=skip_identical, actor=asks().actor
            )
            if override_freeze is not None:
                return pass_freezes(self._door.freezes, result, order_of(actor, override_freeze, None))
            return result

    def preview(
        self,
        plan: str | Path | Mapping[str, Any] | PlanSpec,
        *,
        against_plan: str | None = None,
        skip_identical: bool = False,
    ) -> Iterator[TenantPreview | PreviewEnd]:
        """What a plan would change, tenant by tenant, then the digest that ``submit`` can be bound to; writes nothing.

        A config is compared with the tenant's last known good one, or with that of ``against_plan``.
        """
        check_with_plan(self._door, plan, partial(check_patterns, against_plan=against_plan))
        with translate_errors(self._door.url):
            yield from self._door.submits.preview(plan, against_plan=against_plan, skip_identical=skip_identical)

    def drift(self, *, plan_id: str | None = None, tenants: str | None = None) -> Iterator[TenantDrift | DriftEnd]:
        """Asks the instances of what was moved once more, by the health-check steps of each tenant's last mover: a
        tenant at a time, then how many. Of a plan's, of those of an id or pattern, or of all; changes nothing."""
        check_patterns(plan_id=plan_id, tenants=tenants)
        with translate_errors(self._door.url):
            yield from self._door.drift(plan_id, tenants)

    def status(
        self,
        plan_id: str,
        *,
        limit: int | None = None,
        offset: int = 0,
        by_interest: bool = False,
        **wanted: Unpack[Wanted],
    ) -> PlanStatus:
        """A plan with all its tasks, or with a page of them, which costs the same whatever the plan's size.

        ``statuses``, ``tenants`` (a pattern such as ``eu-*``), ``cause`` (a failure's type, or such a pattern) and
        ``wave`` (its name) keep those tasks only; ``limit`` and ``offset`` count rows: in plan order, or
        ``by_interest`` (what failed, then what moves, then what waits). Raises ``InvalidInput`` for what is no status,
        or below 0.
        """
        with asking_about(self._door.url, page_problems(wanted, limit, offset), plan_id=plan_id):
            found = task_filter(wanted)
            return self._door.tells.plan(plan_id, found, limit=limit, offset=offset, by_interest=by_interest)

    def tasks(self, plan_id: str, **wanted: Unpack[Wanted]) -> Iterator[TaskStatus]:
        """Every task of a plan, or those that are asked for as in ``status``, in plan order and in bounded memory."""
        with asking_about(self._door.url, page_problems(wanted), plan_id=plan_id):
            yield from self._door.tells.tasks(plan_id, task_filter(wanted))

    def summary(self, plan_id: str) -> PlanSummary:
        """A plan without its tasks: cheap, whatever its size."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.tells.summary(plan_id)

    def plans(self) -> list[PlanSummary]:
        """All plans, the newest first."""
        with translate_errors(self._door.url):
            return self._door.tells.plans()

    def task_status(self, task_id: str) -> TaskStatus:
        """One task."""
        with asking_about(self._door.url, task_id=task_id):
            return self._door.tells.task(task_id)

    def tenant_status(self, tenant_id: str) -> TaskStatus:
        """The task that speaks for the tenant: holder, first waiter, newest open or newest; and its other open ones."""
        with asking_about(self._door.url, tenant_id=tenant_id):
            return self._door.tells.tenant(tenant_id)

    def target(self, identifier: str, *, plan_first: bool = False) -> OperationTarget:
        """The one plan, task or tenant of this id. Raises ``InvalidInput`` when it is several (but ``plan_first``)."""
        with asking_about(self._door.url, identifier=identifier):
            return self._door.identify(identifier, plan_first=plan_first)

    def live(self, plan_id: str) -> LiveView:
        """A plan to be looked at again and again: what moves, what failed of what, how fast; each look costs little."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.live(plan_id)

    def wait(self, plan_id: str, timeout_seconds: float | None = None) -> PlanStatus:
        """Blocks until the plan has ended, and answers how. Raises ``TimeoutError`` when it has not by then."""
        with asking_about(self._door.url, plan_id=plan_id):
            self._door.waits.plan(plan_id, timeout_seconds)
            return self._door.tells.plan(plan_id)

    def events(self, plan_id: str | None = None, since: int = 0, follow: bool = False) -> Iterator[Event]:
        """Events after sequence id ``since``, in order: a plan's whole log, or what the namespace's feed still holds.
        With ``follow`` it goes on for ever (a plan's: until the plan has ended)."""
        with asking_about(self._door.url, pattern_problems(plan_id=plan_id), whole_problems("since", since)):
            yield from self._door.waits.events(plan_id, since, follow=follow)

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        """Any operation on any target; the five methods below are the short way. With the ``request_id`` of an earlier
        call, also of one whose answer was lost, it changes nothing and answers as that did (for a day)."""
        check_target(target, order)
        with asking(self._door.url, order):
            return self._door.operates.operate(operation, target, order)

    def pause(
        self, *, reason: str = "", actor: str | None = None, request_id: str | None = None, **target: str
    ) -> OperationResult:
        """Stops between two stages; give one of ``plan_id``, ``tenant_id``, ``task_id``."""
        return self.operate(Operation.PAUSE, *target_and_order(target, actor, reason, request_id))

    def resume(
        self,
        *,
        accept_failures: bool = False,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
        **target: str,
    ) -> OperationResult:
        """Lets a paused plan or task go on; give one of ``plan_id``, ``tenant_id``, ``task_id``. ``accept_failures``
        answers a plan's breaker: what has failed so far is borne."""
        asked = target_and_order(target, actor, reason, request_id, accept_failures=accept_failures)
        return self.operate(Operation.RESUME, *asked)

    def cancel(
        self, *, reason: str = "", actor: str | None = None, request_id: str | None = None, **target: str
    ) -> OperationResult:
        """Gives up; give one of ``plan_id``, ``tenant_id``, ``task_id``."""
        return self.operate(Operation.CANCEL, *target_and_order(target, actor, reason, request_id))

    def retry(
        self,
        *,
        from_checkpoint: bool = True,
        force: bool = False,
        override_freeze: str | None = None,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
        **target: str,
    ) -> OperationResult:
        """Runs failed tasks again; give one of ``plan_id``, ``tenant_id``, ``task_id``. What a breaker still keeps from
        starting is in the answer's ``message``, with what answers it; of a repeat, as it is by then.

        ``override_freeze``, a reason, lets them pass all freezes until they have ended.
        """
        how = {"from_scratch": not from_checkpoint, "force": force}
        asked = target_and_order(target, actor, reason, request_id, override_freeze=override_freeze, **how)
        return self.operate(Operation.RETRY, *asked)

    def retry_some(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        """The same of those of a plan's failed tasks that the narrowing takes."""
        check_target(OperationTarget("plan", plan_id), order, narrowing.problems())
        with asking(self._door.url, order):
            return self._door.operates.retry_some(plan_id, narrowing, order)

    def rollback(
        self,
        *,
        force: bool = False,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
        **target: str,
    ) -> OperationResult:
        """Goes back to the old config; give one of ``plan_id``, ``tenant_id``, ``task_id``."""
        return self.operate(Operation.ROLLBACK, *target_and_order(target, actor, reason, request_id, force=force))

    def wait_target(
        self, target: OperationTarget, *, until_paused: bool = False, meanwhile: Aside = lambda: None
    ) -> str:
        """Blocks until the plan or task has ended (or is paused), and answers its state; ``meanwhile`` is called now
        and then."""
        with asking_about(self._door.url, **{f"{target.type}_id": target.identifier}):
            if target.type == "plan":
                return self._door.waits.plan(target.identifier, until_paused=until_paused, meanwhile=meanwhile)
            # Asked once: another task speaks for the tenant as soon as this one lets go of it.
            task_id = self._door.operates.task_id_of(target)
            return self._door.waits.task(task_id, until_paused=until_paused, meanwhile=meanwhile)

    def close(self) -> None:
        """Gives back the connections; may be called twice."""
        self._door.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
