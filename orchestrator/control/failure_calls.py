"""The part of the client that answers failures, and takes out of a plan what still waits."""

from __future__ import annotations

from orchestrator.control.answers import OperationResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.mistakes import Mistakes
from orchestrator.control.order_gate import check_patterns
from orchestrator.control.target import asking, order_about, target_and_order
from orchestrator.domain.errors import InvalidInput, Problem


@judges_kinds()
class FailureCalls:
    """Acceptance, stages left out, tenants taken out; ``Client`` has them."""

    _door: ClientDoor

    def accept(
        self,
        *,
        reason: str,
        cause: str | None = None,
        actor: str | None = None,
        request_id: str | None = None,
        **target: str,
    ) -> OperationResult:
        """Accepts failures: they count neither for a breaker nor for the plan's end any more. Give one of ``plan_id``
        (all of its failures, or those whose type is like ``cause``), ``tenant_id``, ``task_id``."""
        mistakes = Mistakes()
        with mistakes:
            check_patterns(cause=cause)
            if cause is not None and target.get("plan_id") is None:
                raise InvalidInput([Problem("cause", cause, "it narrows a whole plan: give plan_id")])
        with mistakes:
            wanted, order = target_and_order(target, actor, reason, request_id, needs_reason=True)
        mistakes.tell()
        with asking(self._door.url, order):
            if wanted.type == "plan":
                return self._door.failures.on_plan("accept", wanted.identifier, cause, order)
            return self._door.failures.on_task("accept", wanted, self._door.operates.task_id_of(wanted), order)

    def skip_stage(
        self, task_id: str, *, reason: str, actor: str | None = None, request_id: str | None = None
    ) -> OperationResult:
        """Lets a failed task go on behind the stage that failed, which is recorded as skipped."""
        target, order = target_and_order({"task_id": task_id}, actor, reason, request_id, needs_reason=True)
        with asking(self._door.url, order):
            return self._door.failures.on_task("skip-stage", target, task_id, order)

    def exclude(
        self, plan_id: str, tenants: str, *, reason: str, actor: str | None = None, request_id: str | None = None
    ) -> OperationResult:
        """Takes a plan's waiting tenants of an id or pattern (``eu-*``) out of it: they are CANCELLED, not failures."""
        order = order_about({"plan_id": plan_id, "tenants": tenants}, actor, reason, request_id, needs_reason=True)
        with asking(self._door.url, order):
            return self._door.failures.on_plan("exclude", plan_id, tenants, order)
