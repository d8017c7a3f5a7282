"""The one place that operations on tasks, tenants and whole plans go through, and where their answers become words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from orchestrator.domain.errors import InvalidInput, NotFound, Problem
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Answer, Operation, Operations, Order, Reply
from orchestrator.ledger.reader import Reader
from orchestrator.status_model import OperationResult
from orchestrator.status_reader import StatusReader

TEXT_LIMIT: Final = 1000
"""Characters of an actor or a reason: both are kept with the target and in its log."""

TargetType = Literal["plan", "tenant", "task"]

_WHY: Final = {
    "state": "not possible while it is {status}",
    "paused": "it is paused already",
    "pausing": "it is pausing already",
    "running": "it is not paused",
    "waiting": "it waits to be admitted already",
    "cancelled": "it is cancelled already",
    "cancelling": "it is being cancelled already",
    "cancel-requested": "it is being cancelled",
    "plan-cancelled": "its plan is being cancelled",
    "plan-rolling-back": "its plan is rolling back; wait for that to end",
    "rollback-requested": "its rollback is asked for and not begun; `cancel` withdraws that",
    "rolling-back": "it is rolling back already",
    "rolled-back": "it is rolled back already",
    "draft": "its plan is still being submitted",
    "touched-nothing": "it has touched nothing, so there is nothing to roll back; `cancel` gives it up",
    "no-snapshot": "there is no config to go back to: the plan brought no source_tenant_deploy_config, and no last "
    "known good config was known when the task was first admitted",
    "scratch-only": "a {status} task can be retried from scratch only (--from-scratch)",
    "max-retry": "it has been retried {what} times, the most that max_retry allows",
    "moved": "task {what} has moved the tenant since; --force goes back all the same",
    "free": "nobody holds it",
    "alive": "task {what}, which holds it, is alive; --force takes it all the same",
    "cancel-it": "task {what}, which holds it, is {status}; `changeover cancel --task {what}` ends it",
    "no-checkpoint": "its checkpoint is gone or no longer fits its stages; --from-scratch starts over",
}
_ACCEPTED: Final = {
    Operation.PAUSE: "pauses at the end of the stage that runs",
    Operation.RESUME: "goes on through admission, ahead of the waiting moves",
    Operation.CANCEL: "stops at the end of the stage that runs",
    Operation.RETRY: "waits to be admitted again, behind the waiting moves",
    Operation.ROLLBACK: "goes back as soon as it is admitted, ahead of the waiting moves",
}

_PLAN_ACCEPTED: Final = {
    Operation.PAUSE: "starts nothing new; the stages that run end first",
    Operation.RESUME: "goes on; the tasks that it had paused go ahead of the waiting moves",
    Operation.CANCEL: "starts nothing new; what waits is cancelled now, what runs when its stage ends",
    Operation.ROLLBACK: "starts nothing new; everything that it touched goes back, the newest first",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What an operation is for."""

    type: TargetType
    identifier: str


class PlanOrchestrator:
    """Resolves the target, asks the ledger, answers in words. Raises ``NotFound`` for what does not exist."""

    def __init__(self, ledger: Ledger, reader: Reader) -> None:
        self._operations = Operations(ledger)
        self._reader = reader
        self._status = StatusReader(reader)

    def operate(self, operation: Operation, target: Target, order: Order) -> OperationResult:
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
        if reply.answer is Answer.MISSING:
            raise NotFound(f"no {target.type} {target.identifier!r} in this namespace")
        return _result(operation, target, reply)

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult:
        """Takes the tenant from its holder. Raises ``NotFound`` for a tenant that no plan has named."""
        reply = self._operations.release_tenant(tenant_id, order)
        if reply.answer is Answer.MISSING:
            raise NotFound(f"no tenant {tenant_id!r} in this namespace")
        return OperationResult(
            target_type="tenant",
            target_id=tenant_id,
            accepted=reply.answer is not Answer.REFUSED,
            status=reply.status,
            message=_words(reply) or f"taken from task {reply.what}, which is {reply.status} now",
        )

    def task_id_of(self, target: Target) -> str:
        """The task itself, or the one that speaks for the tenant."""
        return target.identifier if target.type == "task" else self._status.task_id_of(target.identifier)

    def _retry_plan(self, target: Target, order: Order) -> OperationResult:
        """A plan's retry is that of its failed tasks; each is one write, and a repeat takes up what is left."""
        plan = self._status.plan(target.identifier)
        failed = [task.task_id for task in plan.tasks if task.status == TaskState.FAILED]
        replies = [self._operations.on_task(Operation.RETRY, task_id, order) for task_id in failed]
        refused = [
            f"{task_id}: {_words(reply)}"
            for task_id, reply in zip(failed, replies, strict=True)
            if reply.answer is Answer.REFUSED
        ]
        retried = sum(reply.answer is Answer.ACCEPTED for reply in replies)
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


def _accepted(operation: Operation, target: Target, reply: Reply) -> str:
    """What happens next, for this target in this state."""
    if target.type == "plan":
        return _PLAN_ACCEPTED[operation]
    if operation is Operation.ROLLBACK and reply.status == TaskState.RUNNING:
        return "turns back at the end of the stage that runs, keeping its tenant and slot"
    if operation is Operation.RESUME and reply.status == TaskState.RUNNING:
        return "its pause is withdrawn; it had not stopped"
    if operation is Operation.CANCEL and reply.status not in (TaskState.RUNNING, TaskState.CANCELLED):
        return "its rollback is withdrawn"
    return _ACCEPTED[operation]


def _result(operation: Operation, target: Target, reply: Reply) -> OperationResult:
    settled = reply.status in (TaskState.PAUSED, TaskState.CANCELLED) and operation.value in ("pause", "cancel")
    message = _words(reply) if reply.why else ("done" if settled else _accepted(operation, target, reply))
    return OperationResult(
        target_type=target.type,
        target_id=target.identifier,
        accepted=reply.answer is not Answer.REFUSED,
        status=reply.status,
        message=message,
    )


def _words(reply: Reply) -> str:
    return _WHY[reply.why].format(status=reply.status, what=reply.what) if reply.why else ""
