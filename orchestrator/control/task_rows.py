"""Which tasks of a plan to show: a page of those that are asked for, found without reading the plan whole.

The plan's counters say how many tasks are in each status, so a page's place is known before anything is looked for;
what is looked for is found by a script that reads statuses only, thousands in a step. Rows and counters are read one
after the other while tasks move: a page may be a row off at its edges, never longer than asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import unknown
from orchestrator.domain.status import TaskState
from orchestrator.ledger.reader import Reader

Group = frozenset[TaskState]
"""Rows of one group stand in plan order, whichever of its statuses they have."""

BY_INTEREST: Final[Sequence[Group]] = tuple(
    frozenset({state})
    for state in (
        TaskState.ROLLBACK_FAILED,
        TaskState.FAILED,
        TaskState.ROLLING_BACK,
        TaskState.RUNNING,
        TaskState.PAUSED,
        TaskState.CANCELLED,
        TaskState.PENDING,
        TaskState.ROLLED_BACK,
        TaskState.COMPLETED,
    )
)
"""What a person looks for first: what failed, then what moves, then what waits; within each, as the plan has them."""


def check_page(
    statuses: Collection[str] | None, limit: int | None = None, offset: int = 0
) -> frozenset[TaskState] | None:
    """The statuses as such, None for all. Raises ``InvalidInput`` for what is no status, or a number below 0."""
    known = [state.value for state in TaskState]
    problems = [
        Problem("status", status, unknown("status", status, known)) for status in statuses or () if status not in known
    ]
    numbers = (("limit", limit), ("offset", offset))
    problems += [Problem(name, n, "expected a whole number of at least 0") for name, n in numbers if n and n < 0]
    if problems:
        raise InvalidInput(problems)
    return None if statuses is None else frozenset(TaskState(status) for status in statuses)


class TaskRows:
    """Finds pages of one plan's tasks."""

    def __init__(self, reader: Reader, plan_id: str, total: int, counts: Mapping[str, int]) -> None:
        """``total``: how many tasks the plan has; ``counts``: how many of them are in each status."""
        self._reader = reader
        self._plan_id = plan_id
        self._total = total
        self._counts = counts

    def page(self, groups: Sequence[Group], offset: int = 0, limit: int | None = None) -> Sequence[int]:
        """Positions of the rows from ``offset`` on, group after group, within each in plan order."""
        end = self._total if limit is None else min(offset + limit, self._total)
        if list(groups) == [frozenset(TaskState)]:
            return range(min(offset, end), end)
        parts = self._parts(groups, offset, end)
        wanted = [(group, upto) for group, (_, upto) in zip(groups, parts, strict=True) if upto]
        found = self._find(wanted)
        rows: list[int] = []
        for group, (start, upto) in zip(groups, parts, strict=True):
            if upto:
                rows += found[group][start:upto]
        return rows

    def _parts(self, groups: Sequence[Group], offset: int, end: int) -> list[tuple[int, int]]:
        """Of each group: the part of it that is on the page, (0, 0) when none of it is."""
        parts: list[tuple[int, int]] = []
        before = 0
        for group in groups:
            size = sum(self._counts.get(state, 0) for state in group)
            start, upto = max(offset - before, 0), min(end - before, size)
            parts.append((start, upto) if upto > start else (0, 0))
            before += size
        return parts

    def _find(self, wanted: Sequence[tuple[Group, int]]) -> dict[Group, list[int]]:
        """The first so many of each group, looked for until there are enough or the plan is at its end."""
        found: dict[Group, list[int]] = {group: [] for group, _ in wanted}
        if not wanted:
            return found
        states = [state for group, _ in wanted for state in group]
        for step in self._reader.find_tasks(self._plan_id, self._total, states):
            for group, upto in wanted:
                here = [step[state] for state in group]
                found[group] += here[0] if len(here) == 1 else sorted(position for part in here for position in part)
                if len(found[group]) > upto:
                    del found[group][upto:]
            if all(len(found[group]) >= upto for group, upto in wanted):
                break
        return found
