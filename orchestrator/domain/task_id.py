"""A task's id, made and cut here and nowhere else: the plan's id, a dot, the task's position in the plan from 0.

The scripts have the same in ``scripts/includes/task_id.lua``. A plan's id may hold dots itself: the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from orchestrator.domain.errors import quoted_value
from orchestrator.domain.stored_json import counted_number

MOST_TASKS: Final = 10_000_000
"""More than any plan has; the scripts go by the same."""

_POSITION: Final = re.compile(r"0|[1-9][0-9]{0,6}")
"""As ``task_id_of`` writes it: what ``int`` takes besides (signs, spaces, other scripts' digits) is no task's, nor is
what no plan has tasks for: of a much larger number a script would see the nearest that it can hold."""


def task_id_of(plan_id: str, position: int) -> str:
    """The id of the plan's task at this position."""
    return f"{plan_id}.{position}"


def task_ids_of(plan_id: str, count: int) -> list[str]:
    """The ids of the plan's first ``count`` tasks, in plan order."""
    return [task_id_of(plan_id, position) for position in range(count)]


def tasks_in(plan: Mapping[str, str]) -> int:
    """How many tasks a plan's record says it has; 0 where that cannot be read. No more than were to be written: whoever
    goes through them all must come to an end, whatever number a hand has left there."""
    written, total = (counted_number(plan.get(name)) for name in ("written", "total"))
    return 0 if written is None else min(written, MOST_TASKS if total is None else total, MOST_TASKS)


def plan_of(task_id: str) -> str:
    """The plan's id, which a task's id begins with; empty for what is no task id."""
    return _cut(task_id)[0]


def position_of(task_id: str) -> int:
    """The task's position in its plan. Raises ``ValueError`` for what is no task id."""
    position = _cut(task_id)[1]
    if not position:
        raise ValueError(f"no task id: {quoted_value(task_id)}")
    return int(position)


def _cut(task_id: str) -> tuple[str, str]:
    plan_id, _, position = task_id.rpartition(".")
    return (plan_id, position) if plan_id and _POSITION.fullmatch(position) else ("", "")
