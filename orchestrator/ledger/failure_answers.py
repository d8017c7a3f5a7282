"""What a person answers to failures, as verbs: accept them, leave the failed stage out, take out what still waits."""

from __future__ import annotations

from typing import Final, Literal

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply
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
        self._operations = Operations(ledger)
        self._looked_at = looked_at

    def on_task(self, word: Word, task_id: str, order: Order) -> Reply:
        """Accepts the failure of a task, or lets it go on behind the stage that failed."""
        return self._operations.send(_VERBS[word], word, f"task {task_id}", task_id, order)

    def would(self, word: Word, task_id: str) -> Reply:
        """What that would answer now."""
        return self._operations.would_ask(_VERBS[word], task_id)

    def on_plan(self, word: Chunked, plan_id: str, pattern: str | None, order: Order) -> Reply:
        """Accepts a plan's failures whose type is like the pattern (in any case), or takes out its waiting tenants that
        are. ``Tally.of`` reads the reply; it is ``REFUSED`` when there was none."""
        wanted = pieces(pattern and pattern.lower() if word == "accept" else pattern)
        of = f"plan {plan_id}" + (f" {pattern}" if pattern else "")
        return self._operations.send_all(_CHUNKS[word], word, of, plan_id, order, self._looked_at, wanted)
