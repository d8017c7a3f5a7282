"""The table of a plan's tenants, what is of interest first: pages that go on behind the row they ended with.

A place in it is a state and a position in the plan, so tenants that move meanwhile push no other row onto another page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.client import Client
from orchestrator.control.answers import TaskStatus
from orchestrator.control.task_rows import BY_INTEREST, Wanted
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.status import TaskState

ROWS: Final = 50
STATES: Final[Sequence[TaskState]] = tuple(state for group in BY_INTEREST for state in group)
READS: Final = 30
"""Of a page at most: one of a large plan that is searched for a pattern may hold fewer rows, and goes on."""


@dataclass(frozen=True, slots=True)
class TablePage:
    """``following``: where the next page begins, "" behind the last; ``matching``: how many rows there are in all, None
    when nobody has counted."""

    tasks: Sequence[TaskStatus]
    following: str
    matching: int | None


def table_page(client: Client, plan_id: str, wanted: Wanted, cursor: str = "") -> TablePage:
    """Those from the cursor on. Raises as ``Client.task_page``, and ``InvalidInput`` for a cursor that no page gave."""
    rank, place = _place(cursor)
    chosen = wanted.get("statuses")
    counts = client.summary(plan_id).counts
    sizes = [counts.get(state, 0) if chosen is None or state in chosen else 0 for state in STATES]
    tasks: list[TaskStatus] = []
    for _ in range(READS):
        while rank < len(STATES) and not sizes[rank]:
            rank, place = rank + 1, None
        if rank == len(STATES) or len(tasks) >= ROWS:
            break
        only: Wanted = {**wanted, "statuses": [STATES[rank]]}
        found = client.task_page(plan_id, limit=ROWS - len(tasks), cursor=place, **only)
        tasks += found.tasks
        place = found.next_cursor
        if place is None:
            rank += 1
    following = f"{rank}-{place or 0}" if rank < len(STATES) else ""
    is_counted = not any(wanted.get(name) for name in ("tenants", "cause", "wave"))
    is_whole = not following and not cursor
    return TablePage(tasks, following, sum(sizes) if is_counted else len(tasks) if is_whole else None)


def _place(cursor: str) -> tuple[int, str | None]:
    if not cursor:
        return 0, None
    rank, _, place = cursor.partition("-")
    if not (rank.isascii() and rank.isdecimal() and len(rank) == 1 and place):
        raise InvalidInput([Problem("cursor", cursor, "expected a cursor that a page gave")])
    return int(rank), place
