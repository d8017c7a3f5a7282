"""The one place that operations on tasks, tenants and whole plans go through, and where their answers become words."""

from __future__ import annotations

from typing import Final

from orchestrator.control.answers import OperationResult
from orchestrator.control.replies import operation_result, reason_words
from orchestrator.control.status import StatusReader
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import InvalidInput, NotFound, Problem
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order, Taken
from orchestrator.ledger.reader import Reader

TEXT_LIMIT: Final = 1000
"""Characters of an actor or a reason: both are kept with the target and in its log."""


class Operator:
    """Resolves the target, asks the ledger, answers in words. Raises ``NotFound`` for what does not exist."""

    def __init__(self, ledger: Ledger, reader: Reader) -> None:
        self._operations = Operations(ledger)
        self._reader = reader
        self._status = StatusReader(reader)

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        """Asks for the operation. A refusal is an answer (``accepted`` false), a repeat is accepted and says so."""
        for name, text in (("actor", order.actor), ("reason", order.reason)):
            if len(text) > TEXT_LIMIT:
                raise InvalidInput([Problem(name, text, f"at most {TEXT_LIMIT} characters")])
        if target.type == "plan":
            if operation is Operation.RETRY:
                return self._retry_plan(target, order)
            reply = self._operations.on_plan(operation, target.identifier, order)
        else:
            reply = self._operations.on_task(operation, self.task_id_of(target), order)
        if reply.answer is Taken.MISSING:
            raise NotFound(f"no {target.type} {target.identifier!r} in this namespace")
        return operation_result(operation, target, reply)

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult:
        """Takes the tenant from its holder. Raises ``NotFound`` for a tenant that no plan has named."""
        reply = self._operations.release_tenant(tenant_id, order)
        if reply.answer is Taken.MISSING:
            raise NotFound(f"no tenant {tenant_id!r} in this namespace")
        return OperationResult(
            target_type="tenant",
            target_id=tenant_id,
            accepted=reply.answer is not Taken.REFUSED,
            status=reply.status,
            message=reason_words(reply) or f"taken from task {reply.what}, which is {reply.status} now",
        )

    def task_id_of(self, target: OperationTarget) -> str:
        """The task itself, or the one that speaks for the tenant."""
        return target.identifier if target.type == "task" else self._status.task_id_of(target.identifier)

    def _retry_plan(self, target: OperationTarget, order: Order) -> OperationResult:
        """A plan's retry is that of its failed tasks; each is one write, and a repeat takes up what is left."""
        plan = self._status.plan(target.identifier)
        failed = [task.task_id for task in plan.tasks if task.status == TaskState.FAILED]
        replies = [self._operations.on_task(Operation.RETRY, task_id, order) for task_id in failed]
        refused = [
            f"{task_id}: {reason_words(reply)}"
            for task_id, reply in zip(failed, replies, strict=True)
            if reply.answer is Taken.REFUSED
        ]
        retried = sum(reply.answer is Taken.ACCEPTED for reply in replies)
        message = f"{retried} of {len(failed)} failed tasks will be retried" if failed else "it has no failed task"
        if refused:
            message += "; refused: " + "; ".join(refused[:10]) + ("; ..." if len(refused) > 10 else "")
        status = self._status.summary(target.identifier).status
        return OperationResult(
            target_type="plan",
            target_id=target.identifier,
            accepted=retried > 0,
            status=PlanState(status),
            message=message,
        )
