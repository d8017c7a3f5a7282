"""Which tasks of a plan to show: a page of those that are asked for, found without reading the plan whole.

The plan's counters say how many tasks are in each status, so a page's place is known before anything is looked for;
what is looked for is found by a script that reads statuses only, thousands in a step. What no counter counts (a pattern
of tenants, a cause of failure) that script has to look for in the whole plan. Rows and counters are read one after the
other while tasks move: a page may be a row off at its edges, never longer than asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypedDict

from orchestrator.control.order_gate import pattern_problems
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import unknown
from orchestrator.domain.status import TaskState
from orchestrator.domain.whole_numbers import whole_problems
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.task_search import Only

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


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks: in these statuses, of tenants like this, whose failure's type is like this (``*``: anything), of the
    wave of this name."""

    statuses: Group = frozenset(TaskState)
    tenants: str | None = None
    cause: str | None = None
    wave: str | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the plan's counters know how many there are."""
        return not self.tenants and not self.cause and self.wave is None


EVERY_TASK: Final = TaskFilter()


class Wanted(TypedDict, total=False):
    """A ``TaskFilter`` as callers give it; what is left out or None keeps all tasks."""

    statuses: Collection[str] | None
    tenants: str | None
    cause: str | None
    wave: str | None


def check_page(wanted: Wanted, limit: int | None = None, offset: int = 0) -> TaskFilter:
    """What is asked for. Raises ``InvalidInput`` with what ``page_problems`` finds."""
    if problems := page_problems(wanted, limit, offset):
        raise InvalidInput(problems)
    return task_filter(wanted)


def page_problems(wanted: Wanted, limit: int | None = None, offset: int = 0) -> list[Problem]:
    """What is no status, an empty pattern, or a number below 0."""
    known = [state.value for state in TaskState]
    statuses, tenants, cause = (wanted.get("statuses"), wanted.get("tenants"), wanted.get("cause"))
    problems = [
        Problem("status", status, unknown("status", status, known)) for status in statuses or () if status not in known
    ]
    numbers = (("limit", limit), ("offset", offset))
    for name, number in numbers:
        problems += [] if number is None else whole_problems(name, number)
    return problems + pattern_problems(tenant=tenants, cause=cause, wave=wanted.get("wave"))


def task_filter(wanted: Wanted) -> TaskFilter:
    """What is asked for, once nothing is wrong with it."""
    statuses = wanted.get("statuses")
    kept = frozenset(TaskState) if statuses is None else frozenset(TaskState(status) for status in statuses)
    return TaskFilter(kept, wanted.get("tenants"), wanted.get("cause"), wanted.get("wave"))


class TaskRows:
    """Finds pages of one plan's tasks."""

    def __init__(
        self, reader: Reader, plan_id: str, total: int, counts: Mapping[str, int], waves: Sequence[str] = ()
    ) -> None:
        """``total``: how many tasks the plan has; ``counts``: how many of them are in each status; ``waves``: the names
        of its waves."""
        self._reader = reader
        self._waves = waves
        self._plan_id = plan_id
        self._total = total
        self._counts = counts

    def page(
        self, wanted: TaskFilter, offset: int = 0, limit: int | None = None, *, by_interest: bool = False
    ) -> tuple[Sequence[int], int]:
        """Positions of the rows from ``offset`` on, in plan order or ``by_interest``; and how many there are in all."""
        groups = [group & wanted.statuses for group in (BY_INTEREST if by_interest else [wanted.statuses])]
        end = self._total if limit is None else min(offset + limit, self._total)
        if not wanted.is_counted:
            rows = self._all(groups, wanted)
            return rows[offset:end], len(rows)
        matching = sum(self._counts.get(state, 0) for state in wanted.statuses)
        if groups == [frozenset(TaskState)]:
            return range(min(offset, end), end), matching
        parts = self._parts(groups, offset, end)
        found = self._find([(group, upto) for group, (_, upto) in zip(groups, parts, strict=True) if upto], wanted)
        rows = []
        for group, (start, upto) in zip(groups, parts, strict=True):
            if upto:
                rows += found[group][start:upto]
        if len(rows) < min(end, matching) - offset:
            rows = self._with_unreadable(groups)[offset:end]
        return rows, matching

    def _with_unreadable(self, groups: Sequence[Group]) -> list[int]:
        """All rows, where fewer were found than counters tell: tasks in no status that there is, as a hand has damaged
        or deleted their records, take the places that are left empty, at the end of each group."""
        every: dict[str, list[int]] = {state: [] for state in TaskState}
        for step in self._reader.find_tasks(self._plan_id, self._total, list(every)):
            for state, positions in step.items():
                every[state] += positions
        readable = {position for positions in every.values() for position in positions}
        unreadable = iter([position for position in range(self._total) if position not in readable])
        rows: list[int] = []
        for group in groups:
            here = sorted(position for state in group for position in every[state])
            missing = sum(self._counts.get(state, 0) for state in group) - len(here)
            rows += [*here, *islice(unreadable, max(missing, 0))]
        return rows

    def _all(self, groups: Sequence[Group], wanted: TaskFilter) -> list[int]:
        # The counters still say of which groups there is nothing to look for.
        sizes = [(group, size) for group in groups if (size := sum(self._counts.get(state, 0) for state in group))]
        found = self._find(sizes, wanted)
        return [position for group, _ in sizes for position in found[group]]

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

    def _find(self, groups: Sequence[tuple[Group, int]], wanted: TaskFilter) -> dict[Group, list[int]]:
        """The first so many of each group, looked for until there are enough or the plan is at its end."""
        found: dict[Group, list[int]] = {group: [] for group, _ in groups}
        if not groups:
            return found
        states = [state for group, _ in groups for state in group]
        wave = None if wanted.wave is None else wave_index(wanted.wave, self._waves)
        only = Only(wanted.tenants, wanted.cause, wave)
        for step in self._reader.find_tasks(self._plan_id, self._total, states, only):
            for group, upto in groups:
                here = [step[state] for state in group]
                found[group] += here[0] if len(here) == 1 else sorted(position for part in here for position in part)
                if len(found[group]) > upto:
                    del found[group][upto:]
            if all(len(found[group]) >= upto for group, upto in groups):
                break
        return found


def wave_index(name: str, waves: Sequence[str]) -> int:
    """The place of the wave of this name. Raises ``InvalidInput`` for one that the plan does not have."""
    if name not in waves:
        raise InvalidInput([Problem("wave", name, unknown("wave", name, waves))])
    return waves.index(name)
