"""The names of a task's legs, for what people are shown of its messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from redis.exceptions import ResponseError

from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted
from steps.kept_by_size import KeptBySize

NamesOfLegs = Callable[[Admitted], Sequence[str]]
"""What a ``LegNames`` is for those who ask it."""

MOST_PLANS: Final = 1000
MOST_CHARACTERS: Final = 1024 * 1024
"""Of the names of all plans."""

_Content = tuple[str, str]
"""The ledger's incarnation and the digest of a plan's content."""


class LegNames:
    """Those of the plans that were asked for last, by their content: a plan that was purged leaves its id to others."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._plans: KeptBySize[tuple[str, _Content], tuple[list[str], str]] = KeptBySize(MOST_PLANS, MOST_CHARACTERS)

    def __call__(self, task: Admitted) -> tuple[str, ...]:
        """In the direction that the task goes."""
        return self.of_all([task])[0]

    def of_all(self, tasks: Sequence[Admitted]) -> list[tuple[str, ...]]:
        """The same of each; what content a plan has is asked once."""
        plans = {plan_id: self._of(plan_id) for plan_id in dict.fromkeys(plan_of(task.task_id) for task in tasks)}
        return [_in_direction(task, *plans[plan_of(task.task_id)]) for task in tasks]

    def _of(self, plan_id: str) -> tuple[list[str], str]:
        content = self._content_of(plan_id)
        if content is not None and (kept := self._plans.get((plan_id, content))) is not None:
            return kept
        found = self._reader.stage_names(plan_id)
        # The same before and after: what was read in between is of it.
        if content is not None and self._content_of(plan_id) == content:
            self._plans.put((plan_id, content), found, sum(map(len, found[0])))
        return found

    def _content_of(self, plan_id: str) -> _Content | None:
        try:
            return self._reader.content_of(plan_id)
        except ResponseError:
            # A damaged record, of which the names are asked all the same: it holds up no other plan's tasks.
            return None


def _in_direction(task: Admitted, names: Sequence[str], order: str) -> tuple[str, ...]:
    touched = names[: task.legs]
    goes_reverse = task.mode is TaskState.ROLLING_BACK and order != "forward"
    return tuple(reversed(touched)) if goes_reverse else tuple(touched)
