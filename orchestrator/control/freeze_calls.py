"""The client's calls on freezes."""

from __future__ import annotations

from datetime import datetime

from orchestrator.control.answers import OperationResult, SubmitResult
from orchestrator.control.call_kinds import check_flags, judges_kinds
from orchestrator.control.door import ClientDoor, SetsFreezes
from orchestrator.control.freeze_checks import check_scope, check_times
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.control.mistakes import Mistakes
from orchestrator.control.order_gate import check_patterns
from orchestrator.control.submitted_before import was_there
from orchestrator.control.target import asking, order_about, order_of
from orchestrator.domain.errors import NotAllowed, Problem
from orchestrator.domain.status import PlanState
from orchestrator.fleet.freezes import Scope
from orchestrator.ledger.connection import translate_errors
from orchestrator.ledger.operations import Order


@judges_kinds(but=("freeze",))
class FreezeCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def freeze(
        self,
        *,
        reason: str,
        tenants: str | None = None,
        label: str | None = None,
        all_tenants: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        for_seconds: float | None = None,
        every: str | None = None,
        rollbacks_too: bool = False,
        actor: str | None = None,
        request_id: str | None = None,
    ) -> FreezeStatus:
        """Admits no move of some tenants (a pattern, a ``label`` such as ``region=eu``, or all) for a time.

        From ``since`` (now, unless given) to ``until`` or for so many seconds; with ``every`` only within times that
        come again (``Mon-Fri 08:00-18:00 Europe/Berlin``), and then an end is not needed. What runs ends its stages;
        rollbacks pass, unless ``rollbacks_too``. Raises ``InvalidInput``, and ``NotAllowed`` for more than 200.
        """
        mistakes = Mistakes()
        with mistakes:
            check_flags(all_tenants=all_tenants, rollbacks_too=rollbacks_too)
        with mistakes:
            check_scope(tenants, label, all_tenants=all_tenants)
        with mistakes:
            check_times(since, until, for_seconds, every)
        with mistakes:
            order = order_of(actor, reason, request_id, needs_reason=True)
        mistakes.tell()
        with asking(self._door.url, order):
            return self._door.freezes.set(
                Scope(tenants, label),
                order,
                since=since,
                until=until,
                for_seconds=for_seconds,
                every=every,
                rollbacks_too=rollbacks_too,
            )

    def unfreeze(
        self, freeze_id: str, *, reason: str, actor: str | None = None, request_id: str | None = None
    ) -> OperationResult:
        """Lifts a freeze. Raises ``NotFound`` for one that is not set, or is over."""
        order = order_about({"freeze": freeze_id}, actor, reason, request_id, needs_reason=True)
        with asking(self._door.url, order):
            return self._door.freezes.lift(freeze_id, order)

    def override_freeze(
        self, plan_id: str, *, reason: str, actor: str | None = None, request_id: str | None = None
    ) -> OperationResult:
        """Lets a plan pass all freezes from now on."""
        order = order_about({"plan_id": plan_id}, actor, reason, request_id, needs_reason=True)
        with asking(self._door.url, order):
            return self._door.freezes.override(plan_id, order)

    def freezes(self, tenant_id: str | None = None) -> list[FreezeStatus]:
        """Every freeze that is set and not over, or those that cover a tenant."""
        check_patterns(tenant=tenant_id)
        with translate_errors(self._door.url):
            return self._door.freezes.all(tenant_id)


def pass_freezes(freezes: SetsFreezes, submitted: SubmitResult, order: Order) -> SubmitResult:
    """Lets a plan that was submitted a moment ago pass all freezes; of one that has come to its end since, none had
    stopped it. Says so of one that was there before; raises ``NotAllowed`` when that cannot."""
    taken = freezes.override(submitted.plan_id, order)
    if not taken.accepted and submitted.status != PlanState.READY:
        raise NotAllowed(f"plan {submitted.plan_id} is there, and passes no freeze: {taken.message}")
    if not taken.accepted or not was_there(submitted):
        return submitted
    passes = Problem("override_freeze", None, "it passes all freezes from now on")
    return submitted.model_copy(update={"warnings": [*submitted.warnings, passes]})
