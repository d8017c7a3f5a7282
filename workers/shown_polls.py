"""What Flower is to show of the polls of a round that is handed on: the message that brought them names ids alone."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.broker.messages import shown_poll
from orchestrator.broker.rounds import SHOWN
from orchestrator.ledger.leg_names import NamesOfLegs
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Turn


class ShownPolls:
    """Asks the ledger, of a few."""

    def __init__(self, reader: Reader, leg_names: NamesOfLegs) -> None:
        self._reader = reader
        self._leg_names = leg_names

    def __call__(self, turns: Sequence[Turn]) -> list[str]:
        """Of the first, as ``publish_round`` takes them; one of which no message is due is called by its id. Raises
        what Redis does, and what damaged records bring about."""
        return [self._of(turn) for turn in turns[:SHOWN]]

    def _of(self, turn: Turn) -> str:
        task = self._reader.dispatchable(turn.task_id)
        if task is None:
            return turn.task_id
        return shown_poll(task.tenant_id, task.mode, self._leg_names(task)[task.stage])
