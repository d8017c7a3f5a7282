"""The names of a task's legs, for what people are shown of its messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted

NamesOfLegs = Callable[[Admitted], Sequence[str]]
"""What a ``LegNames`` is for those who ask it."""


class LegNames:
    """Those of the tasks of the plans that were asked for last; a plan's stages never change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._names = lru_cache(maxsize=1000)(self._read)

    def __call__(self, task: Admitted) -> tuple[str, ...]:
        """In the direction that the task goes."""
        return self._names(plan_of(task.task_id), task.mode is TaskState.ROLLING_BACK, task.legs)

    def _read(self, plan_id: str, is_rollback: bool, legs: int) -> tuple[str, ...]:
        names, order = self._reader.stage_names(plan_id)
        touched = names[:legs]
        return tuple(reversed(touched)) if is_rollback and order != "forward" else tuple(touched)
