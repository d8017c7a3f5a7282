"""The one place that operations on tasks, tenants and whole plans go through, and where their answers become words."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.control.absent import absent
from orchestrator.control.answers import OperationResult
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.control.order_gate import check_order
from orchestrator.control.replies import gate_result, operation_result, reason_words
from orchestrator.control.status import StatusReader
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, what_is_asked
from orchestrator.ledger.reader import Reader


class Operator:
    """Resolves the target, asks the ledger, answers in words. Raises ``NotFound`` for what does not exist."""

    def __init__(self, ledger: Ledger, reader: Reader) -> None:
        self._operations = Operations(ledger)
        self._reader = reader
        self._status = StatusReader(reader)

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        """Asks for the operation. A refusal is an answer (``accepted`` false), a repeat is accepted and says so."""
        check_order(order)
        if order.accept_failures and target.type != "plan":
            raise InvalidInput([Problem("accept_failures", None, "it answers the breaker of a plan; give a plan")])
        if target.type == "plan":
            reply = self._operations.on_plan(operation, target.identifier, order)
        else:
            # The task that speaks for a tenant changes: it is the tenant that the request was for.
            order = replace(order, of=f"{target.type} {target.identifier}")
            reply = self._first_answer(operation, target, order) or self._operations.on_task(
                operation, self.task_id_of(target), order
            )
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, f"{target.type} {target.identifier!r}")
        return operation_result(operation, target, reply).model_copy(update={"request_id": order.request_id})

    def _first_answer(self, operation: Operation, target: OperationTarget, order: Order) -> Reply | None:
        """A repeat is answered though the tenant has no task any more; of a task its script asks the same."""
        if target.type != "tenant":
            return None
        return self._operations.first_answer(what_is_asked(operation, target.identifier, order), order.request_id)

    def retry_some(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        """Retries those of a plan's failed tasks that the narrowing takes."""
        check_order(order)
        return NarrowedRetry(self._operations, self._reader).of_plan(plan_id, narrowing, order)

    def answer_gate(self, plan_id: str, wave: str, order: Order, *, approves: bool) -> OperationResult:
        """Approves or rejects the gate of a plan's wave; "" is the one that waits."""
        check_order(order)
        reply = self._operations.answer_gate(plan_id, wave, order, approves=approves)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, f"plan {plan_id!r}")
        return gate_result(plan_id, reply, approves=approves).model_copy(update={"request_id": order.request_id})

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult:
        """Takes the tenant from its holder. Raises ``NotFound`` for a tenant that no plan has named."""
        check_order(order)
        reply = self._operations.release_tenant(tenant_id, order)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, f"tenant {tenant_id!r}")
        return OperationResult(
            target_type="tenant",
            target_id=tenant_id,
            accepted=reply.answer is not Taken.REFUSED,
            status=reply.status,
            message=reason_words(reply) or f"taken from task {reply.what}, which is {reply.status} now",
            task_id=reply.what or None,
            request_id=order.request_id,
        )

    def task_id_of(self, target: OperationTarget) -> str:
        """The task itself, or the one that speaks for the tenant."""
        return target.identifier if target.type == "task" else self._status.task_id_of(target.identifier)
