"""The one place that operations on tasks, tenants and whole plans go through, and where their answers become words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orchestrator.control.absent import absent
from orchestrator.control.answers import OperationResult
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.control.order_gate import check_order
from orchestrator.control.replies import gate_result, operation_result, passing_words, reason_words
from orchestrator.control.status import StatusReader
from orchestrator.control.target import OperationTarget
from orchestrator.control.tenant_target import acted_on_words, several_words, tenant_target
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, what_is_asked
from orchestrator.ledger.reader import Reader


class Operator:
    """Resolves the target, asks the ledger, answers in words. Raises ``NotFound`` for what does not exist."""

    def __init__(self, ledger: Ledger, reader: Reader, holds: Callable[[OperationTarget], str] = lambda _: "") -> None:
        """``holds``: what keeps a retried plan or task from starting, in words; "" for nothing."""
        self._holds = holds
        self._operations = Operations(ledger)
        self._reader = reader
        self._status = StatusReader(reader)

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        """Asks for the operation. A refusal is an answer (``accepted`` false), a repeat is accepted and says so."""
        check_order(order)
        if order.accept_failures and target.type != "plan":
            raise InvalidInput([Problem("accept_failures", None, "it answers the breaker of a plan; give a plan")])
        if target.type == "tenant":
            return self._of_tenant(operation, target, order)
        on = self._operations.on_plan if target.type == "plan" else self._operations.on_task
        return self._answered(operation, target, on(operation, target.identifier, order), order)

    def _of_tenant(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        # The task that the order is for changes: it is the tenant that the request was for, and a repeat is answered
        # though the tenant has no task any more.
        order = replace(order, of=f"tenant {target.identifier}")
        asked = what_is_asked(operation, target.identifier, order)
        if (reply := self._operations.first_answer(asked, order.request_id)) is not None:
            return self._answered(operation, target, reply, order)
        chosen = tenant_target(operation, self._reader.tenant_tasks(target.identifier))
        if chosen.task_id:
            reply = self._operations.on_task(operation, chosen.task_id, order)
            return self._answered(operation, target, reply, order)
        if not chosen.others:
            raise absent(self._reader, "task of tenant", target.identifier)
        return OperationResult(
            target_type="tenant",
            target_id=target.identifier,
            accepted=False,
            status="",
            message=several_words(operation, chosen.others, order),
            request_id=order.request_id,
        )

    def _answered(self, operation: Operation, target: OperationTarget, reply: Reply, order: Order) -> OperationResult:
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, target.type, target.identifier)
        result = operation_result(operation, target, reply, from_scratch=order.from_scratch)
        said = {"request_id": order.request_id}
        if target.type == "tenant":
            said["message"] = acted_on_words(reply.target_id, result.message)
        if reply.why in ("none-failed", "all-accepted"):
            said["message"] = result.message + passing_words(order)
        result = result.model_copy(update=said)
        if operation is not Operation.RETRY:
            return result
        return self._with_what_holds(result, OperationTarget("task", reply.target_id) if result.task_id else target)

    def _with_what_holds(self, result: OperationResult, retried: OperationTarget) -> OperationResult:
        held = self._holds(retried) if result.accepted else ""
        return result.model_copy(update={"message": f"{result.message}; {held}"}) if held else result

    def retry_some(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        """Retries those of a plan's failed tasks that the narrowing takes."""
        check_order(order)
        result = NarrowedRetry(self._operations, self._reader).of_plan(plan_id, narrowing, order)
        return self._with_what_holds(result, OperationTarget("plan", plan_id))

    def answer_gate(self, plan_id: str, wave: str, order: Order, *, approves: bool) -> OperationResult:
        """Approves or rejects the gate of a plan's wave; "" is the one that waits."""
        check_order(order)
        reply = self._operations.answer_gate(plan_id, wave, order, approves=approves)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id)
        return gate_result(plan_id, reply, approves=approves).model_copy(update={"request_id": order.request_id})

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult:
        """Takes the tenant from its holder. Raises ``NotFound`` for a tenant that no plan has named."""
        check_order(order)
        reply = self._operations.release_tenant(tenant_id, order)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "tenant", tenant_id)
        is_now = f"which is {reply.status} now" if reply.status else "whose record, or its plan's, is damaged or gone"
        return OperationResult(
            target_type="tenant",
            target_id=tenant_id,
            accepted=reply.answer is not Taken.REFUSED,
            status=reply.status,
            message=reason_words(reply) or f"taken from task {reply.what}, {is_now}",
            task_id=reply.what or None,
            request_id=order.request_id,
        )

    def task_id_of(self, target: OperationTarget) -> str:
        """The task itself, or the one that speaks for the tenant."""
        return target.identifier if target.type == "task" else self._status.task_id_of(target.identifier)
