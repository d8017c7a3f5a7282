"""What a person answers to failures, as verbs: accept them, leave the failed stage out, take out what still waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply, Taken
from orchestrator.ledger.task_search import pieces

LOOKED_AT: Final = 50
"""Tasks that one script looks at, all of which it may change."""

Word = Literal["accept", "skip-stage"]
Chunked = Literal["accept", "exclude"]
_VERBS: Final = {"accept": "accept_task", "skip-stage": "skip_stage"}
_CHUNKS: Final = {"accept": "accept_chunk", "exclude": "exclude_chunk"}


class FailureAnswers:
    """The scripts behind them, on one ledger."""

    def __init__(self, ledger: Ledger, looked_at: int = LOOKED_AT) -> None:
        self._ledger = ledger
        self._operations = Operations(ledger)
        self._looked_at = looked_at

    def on_task(self, word: Word, task_id: str, order: Order) -> Reply:
        """Accepts the failure of a task, or lets it go on behind the stage that failed."""
        return self._operations.send(_VERBS[word], word, f"task {task_id}", task_id, order)

    def would(self, word: Word, task_id: str) -> Reply:
        """What that would answer now."""
        return self._operations.would_ask(_VERBS[word], task_id)

    def on_plan(self, word: Chunked, plan_id: str, pattern: str | None, order: Order) -> Iterator[tuple[Reply, int]]:
        """Accepts a plan's failures whose type is like the pattern (in any case), or takes out its waiting tenants that
        are: some at a time, each time the answer so far and how many more it were. ``what`` of the answer: how
        many that may be meant were passed by, since they are damaged; "" for none. May be cut off and repeated."""
        wanted = pieces(pattern and pattern.lower() if word == "accept" else pattern)
        position = 0
        while position >= 0:
            who = (plan_id, order.actor, order.reason, order.request_id)
            code, *rest = self._ledger.call(_CHUNKS[word], *who, position, self._looked_at, wanted)
            if code != "LOOKED":
                status, why = (str(rest[0]), str(rest[1])) if rest else ("", "")
                yield Reply(Taken(code), status, why, "", plan_id, of_plan=True), 0
                return
            status, position, number, damaged = str(rest[0]), int(rest[1]), int(rest[2]), int(rest[3])
            yield Reply(Taken.ACCEPTED, status, "", str(damaged or ""), plan_id, of_plan=True), number

    def first_answer(self, asked: str, order: Order) -> Reply | None:
        """How this request of a whole plan was answered before, if it was."""
        found = self._operations.first_answer(asked, order.request_id)
        return found and replace(found, of_plan=True)

    def keep_answer(self, asked: str, order: Order, reply: Reply) -> Reply:
        """Keeps the answer to a request of a whole plan."""
        return replace(self._operations.keep_answer(asked, order.request_id, reply), of_plan=True)
