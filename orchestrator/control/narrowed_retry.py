"""A retry of those of a plan's failed tasks (from scratch: also of those that its policy took back) that failed in one
stage, of one cause, or are of some tenants; or of those that were cancelled with the plan.

All of it is one request, through the same queue and cap as any retry: sent again, it goes on where it was cut off and
retries nothing twice.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import OperationResult
from orchestrator.control.order_gate import pattern_problems
from orchestrator.control.replies import passing_words, reason_words
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.status import TaskState
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, Tally
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.task_search import pieces

LOOKED_AT: Final = 50
"""The most failed tasks that one script takes back."""

REASONS_SHOWN: Final = 5

LOOKS: Final = 5
"""So many scripts, of 200 tasks each, look for one that was cancelled with its plan; then it is taken for found."""

NONE_CANCELLED: Final = Reply(Taken.REFUSED, why="none-cancelled")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a task must be to be retried: the ``stage`` it failed in, its failure's type (``cause``), its tenant's id
    (``tenants``); the last two as a pattern, as `status` takes them (``eu-*``). What is None narrows nothing.
    ``cancelled``: not what failed, but what was cancelled with its plan, by its breaker or a person; from scratch. Who
    was cancelled alone, or left out, stays so."""

    stage: str | None = None
    cause: str | None = None
    tenants: str | None = None
    cancelled: bool = False

    def __bool__(self) -> bool:
        return self.cancelled or (self.stage, self.cause, self.tenants) != (None, None, None)

    def __str__(self) -> str:
        given = {"stage": self.stage, "cause": self.cause, "tenant": self.tenants}
        words = [f"{name} {_told(value)}" for name, value in given.items() if value is not None]
        return " ".join((["cancelled"] if self.cancelled else []) + words)

    def check(self) -> None:
        """Raises ``InvalidInput`` with its ``problems``."""
        if problems := self.problems():
            raise InvalidInput(problems)

    def problems(self) -> list[Problem]:
        """What is empty or cannot be seen, and a failure of what has not failed."""
        given = {"stage": self.stage, "cause": self.cause}
        problems = pattern_problems(**given, tenants=self.tenants)
        if self.cancelled:
            message = "it narrows what failed, not what was cancelled"
            told = {one.path for one in problems}
            given = {name: value for name, value in given.items() if value is not None and name not in told}
            problems += [Problem(name, value, message) for name, value in given.items()]
        return problems

    @property
    def options(self) -> list[int | str]:
        """As the script takes it."""
        cause = pieces(self.cause and self.cause.lower())
        return [self.stage or "", cause, pieces(self.tenants), int(self.cancelled)]


def _told(value: str) -> str:
    """The value, quoted where it could be read as several words of a narrowing."""
    return json.dumps(value) if " " in value or value.startswith('"') else value


class NarrowedRetry:
    """Raises ``NotFound`` for a plan that does not exist."""

    def __init__(self, operations: Operations, reader: Reader, looked_at: int = LOOKED_AT) -> None:
        self._operations = operations
        self._reader = reader
        self._looked_at = looked_at

    def of_plan(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        """Retries those of the plan's failed tasks that the narrowing takes; says how many, and why not the others."""
        narrowing.check()
        order = replace(order, from_scratch=order.from_scratch or narrowing.cancelled)
        how = (int(order.from_scratch), int(order.force), order.override_freeze or "", self._looked_at)
        of = f"plan {plan_id} {narrowing}"
        reply = self._operations.send_all(
            "retry_some_chunk", Operation.RETRY, of, plan_id, order, *how, *narrowing.options
        )
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id)
        return OperationResult(
            target_type="plan",
            target_id=plan_id,
            accepted=reply.answer is Taken.ACCEPTED,
            status=reply.status,
            message=reason_words(reply) or _done_words(reply, order, narrowing),
            request_id=order.request_id,
        )


def would_move_again(operations: Operations, plan_id: str, *, force: bool = False) -> Reply:
    """What a retry of what was cancelled with the plan would answer now; nothing is written."""
    begin, how = 0, (1, int(force), "", LOOKED_AT, *Narrowing(cancelled=True).options)
    for _ in range(LOOKS):
        reply = operations.would_retry_some(plan_id, begin, how)
        if reply.answer is Taken.MORE:
            begin = int(reply.what)
        elif reply.answer is Taken.ACCEPTED or reply.why:
            return reply
        else:
            refused = Tally.of(reply).refusals
            said = [Reply(Taken.REFUSED, TaskState.CANCELLED, one.why, one.what, one.task_id) for one in refused[:1]]
            return said[0] if said else NONE_CANCELLED
    return Reply(Taken.ACCEPTED)


def _done_words(reply: Reply, order: Order, narrowing: Narrowing) -> str:
    if not reply.what.startswith("{"):
        # Kept in words, by a release of before.
        return reply.what
    told = Tally.of(reply)
    found = told.done + told.refused
    which, none = "such failed tasks", "it has no such failed task"
    if narrowing.cancelled:
        which, none = "tasks that were cancelled with the plan", "it has no such task that was cancelled with the plan"
    elif order.from_scratch:
        which, none = "such tasks that failed or were taken back", "it has no such task that failed or was taken back"
    message = f"{told.done} of {found} {which} will be retried" if found else none + passing_words(order)
    if not told.refused:
        return message
    refused = Counter[str]()
    for one in told.refusals:
        said = Reply(Taken.REFUSED, TaskState.FAILED, one.why, one.what, one.task_id)
        refused[reason_words(said, Operation.RETRY)] += one.number
    reasons = [f"{count}: {why}" for why, count in refused.most_common(REASONS_SHOWN)]
    return f"{message}; refused: {'; '.join(reasons)}" + ("; ..." if len(refused) > REASONS_SHOWN else "")
