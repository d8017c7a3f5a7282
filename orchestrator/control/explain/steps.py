"""Which of a plan's tasks are looked at for damage, a step of some 500 at a time: of a large plan not all, unless a
person asks for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from orchestrator.ledger.survey import TASKS_A_STEP, TaskGroup


@dataclass(frozen=True, slots=True)
class Looks:
    """``whole``: up to so many steps a plan is looked at whole (20,000 tasks: some 0.3 seconds of Redis' time);
    ``of_larger``: so many of a larger one, all of whose tasks are counted besides (docs/performance.md)."""

    whole: int = 40
    of_larger: int = 10


USUAL_LOOKS: Final = Looks()

_MOVES_FIRST: Final = ("moves", "queue", "line", "group", "frozen", "paused", "failed")
"""Groups of tasks by how soon damage in them holds the plan up."""


@dataclass(frozen=True, slots=True)
class Steps:
    """``ranges``: of positions, in plan order, each with the one behind its last."""

    ranges: Sequence[tuple[int, int]]
    total: int

    @property
    def count(self) -> int:
        """How many tasks they have."""
        return sum(end - first for first, end in self.ranges)

    def left_out(self, groups: Sequence[TaskGroup], what: str = "") -> int:
        """Tasks elsewhere of which the survey saw that their record is lost; ``what``: ``tenant`` for its key."""
        odd = [group for group in groups if group.kind == "odd" and group.words[1] == what]
        return sum(one.count for one in odd if not any(a <= one.positions[0] < b for a, b in self.ranges))

    @property
    def is_all(self) -> bool:
        """Whether no task is left out."""
        return self.count == self.total


def steps_of(total: int, groups: Sequence[TaskGroup], looks: Looks) -> Steps:
    """Of the plan's ``total`` tasks those that have one of which the survey saw already that it is damaged, then from
    the first on that moves, or that comes next, as far as the looks go."""
    known = [group.positions[0] // TASKS_A_STEP for group in groups if group.kind == "odd"]
    steps = range(-(-total // TASKS_A_STEP))
    if len(steps) <= looks.whole:
        return Steps([(0, total)], total)
    begin = _begin(groups) // TASKS_A_STEP
    order = dict.fromkeys(chain(sorted(known), steps[begin:], reversed(steps[:begin])))
    taken = sorted(list(order)[: looks.of_larger])
    return Steps([(step * TASKS_A_STEP, min((step + 1) * TASKS_A_STEP, total)) for step in taken], total)


def _begin(groups: Sequence[TaskGroup]) -> int:
    for kind in _MOVES_FIRST:
        if places := [group.positions[0] for group in groups if group.kind == kind]:
            return min(places)
    return 0
