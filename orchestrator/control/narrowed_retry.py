"""A retry of those of a plan's failed tasks (from scratch: also of those that its policy took back) that failed in one
stage, of one cause, or are of some tenants.

Each is one request of its own through the same script, queue and cap as any retry; its id is made of the command's, so
that the command again goes on where it was cut off and retries nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.control.answers import OperationResult, TaskStatus
from orchestrator.control.replies import reason_words
from orchestrator.control.status import StatusReader
from orchestrator.control.task_rows import TaskFilter, check_page
from orchestrator.domain.status import TaskState
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, what_is_asked

REASONS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a task must be to be retried: the ``stage`` it failed in, its failure's type (``cause``), its tenant's id
    (``tenants``); the last two as a pattern, as `status` takes them (``eu-*``). What is None narrows nothing."""

    stage: str | None = None
    cause: str | None = None
    tenants: str | None = None

    def __bool__(self) -> bool:
        return (self.stage, self.cause, self.tenants) != (None, None, None)

    def __str__(self) -> str:
        given = {"stage": self.stage, "cause": self.cause, "tenant": self.tenants}
        return " ".join(f"{name} {value}" for name, value in given.items() if value is not None)

    def wanted(self, *, from_scratch: bool = False) -> TaskFilter:
        """What of it a plan's tasks are looked for by. Raises ``InvalidInput`` for an empty pattern."""
        statuses = [TaskState.FAILED, TaskState.ROLLED_BACK] if from_scratch else [TaskState.FAILED]
        return check_page({"statuses": statuses, "tenants": self.tenants, "cause": self.cause})

    def takes(self, task: TaskStatus) -> bool:
        """Whether the task, which is as ``wanted``, is one of them: failed, or taken back by its plan's policy."""
        if task.status == TaskState.ROLLED_BACK and not task.sent_back:
            return False
        failure = task.failure_info or task.went_back_for
        return self.stage is None or (failure is not None and failure.stage_name == self.stage)


class NarrowedRetry:
    """Raises ``NotFound`` for a plan that does not exist."""

    def __init__(self, operations: Operations, status: StatusReader) -> None:
        self._operations = operations
        self._status = status

    def of_plan(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        """Retries those of the plan's failed tasks that the narrowing takes; says how many, and why not the others."""
        asked = what_is_asked("retry", f"plan {plan_id} {narrowing}", order)
        reply = self._operations.first_answer(asked, order.request_id)
        if reply is None:
            reply = self._operations.keep_answer(asked, order.request_id, self._retry(plan_id, narrowing, order))
        return OperationResult(
            target_type="plan",
            target_id=plan_id,
            accepted=reply.answer is Taken.ACCEPTED,
            status=reply.status,
            message=reply.what,
            request_id=order.request_id,
        )

    def _retry(self, plan_id: str, narrowing: Narrowing, order: Order) -> Reply:
        found, retried, refused = 0, 0, Counter[str]()
        for task_id in self._failed(plan_id, narrowing, from_scratch=order.from_scratch):
            found += 1
            one = replace(order, request_id=f"{order.request_id}/{task_id}")
            reply = self._operations.on_task(Operation.RETRY, task_id, one)
            retried += reply.answer is Taken.ACCEPTED
            if reply.answer is Taken.REFUSED:
                refused[reason_words(reply, Operation.RETRY)] += 1
        which = "such tasks that failed or were taken back" if order.from_scratch else "such failed tasks"
        none = (
            "it has no such task that failed or was taken back" if order.from_scratch else "it has no such failed task"
        )
        message = f"{retried} of {found} {which} will be retried" if found else none
        if refused:
            reasons = [f"{count}: {why}" for why, count in refused.most_common(REASONS_SHOWN)]
            message += "; refused: " + "; ".join(reasons) + ("; ..." if len(refused) > REASONS_SHOWN else "")
        status = self._status.summary(plan_id).status
        return Reply(Taken.ACCEPTED if retried else Taken.REFUSED, status, "", message, plan_id)

    def _failed(self, plan_id: str, narrowing: Narrowing, *, from_scratch: bool) -> Iterator[str]:
        for task in self._status.tasks(plan_id, narrowing.wanted(from_scratch=from_scratch)):
            if narrowing.takes(task):
                yield task.task_id
