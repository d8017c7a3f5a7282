"""Answers to failures, in words: of one task, or of many of a plan in one request."""

from __future__ import annotations

from typing import Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import OperationResult
from orchestrator.control.replies import reason_words
from orchestrator.control.target import OperationTarget
from orchestrator.domain.typed import typed
from orchestrator.ledger.failure_answers import Chunked, FailureAnswers, Word
from orchestrator.ledger.operations import Order, Reply, Taken, Tally
from orchestrator.ledger.reader import Reader

_DONE: Final = {
    "accept": "its failure is accepted: it does not count any more",
    "skip-stage": "goes on behind the stage that failed, as soon as it is admitted again",
}
_MANY: Final = {"accept": "failed", "exclude": "waiting"}
_MANY_DONE: Final = {
    "accept": "{number} failures are accepted: they do not count any more",
    "exclude": "{number} waiting tenants have left the plan",
}


class FailureDesk:
    """Raises ``NotFound`` for what does not exist. A refusal is an answer (``accepted`` false)."""

    def __init__(self, answers: FailureAnswers, reader: Reader) -> None:
        self._answers = answers
        self._reader = reader

    def on_task(self, word: Word, target: OperationTarget, task_id: str, order: Order) -> OperationResult:
        """Of one task; ``target`` is how it was named."""
        reply = self._answers.on_task(word, task_id, order)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, target.type, target.identifier)
        return OperationResult(
            target_type=target.type,
            target_id=target.identifier,
            accepted=reply.answer is not Taken.REFUSED,
            status=reply.status,
            message=reason_words(reply) or _DONE[word],
            task_id=reply.target_id,
            request_id=order.request_id,
        )

    def on_plan(self, word: Chunked, plan_id: str, pattern: str | None, order: Order) -> OperationResult:
        """Of those of a plan's tasks that the pattern takes."""
        reply = self._answers.on_plan(word, plan_id, pattern, order)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id)
        return OperationResult(
            target_type="plan",
            target_id=plan_id,
            accepted=reply.answer is Taken.ACCEPTED,
            status=reply.status,
            message=reason_words(reply) or _done_words(word, reply),
            request_id=order.request_id,
        )


def _done_words(word: Chunked, reply: Reply) -> str:
    if not reply.what.startswith("{"):
        # Kept in words, by a release of before.
        return reply.what
    told, damaged = Tally.of(reply), ""
    if told.damaged:
        look = typed("explain", "--plan", reply.target_id)
        damaged = f"; {told.damaged} passed by, since it is damaged: `{look}` names it and the way out"
        if told.damaged > 1:
            damaged = damaged.replace("it is", "they are").replace("names it", "names them")
    left = damaged
    if told.begun == 1:
        left += "; 1 that has begun stays: cancel it, or take it back, by its task"
    elif told.begun:
        left += f"; {told.begun} that have begun stay: cancel or take back each by its task"
    if not told.done:
        return f"it has no such {_MANY[word]} task{left}"
    said = _MANY_DONE[word].format(number=told.done)
    if told.done == 1:
        said = said.replace("1 failures are", "1 failure is").replace("they do", "it does")
        said = said.replace("1 waiting tenants have", "1 waiting tenant has")
    return said + left
