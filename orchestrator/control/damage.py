"""Records that nobody can read, since a hand or a lost disk has changed them: shown as such, in nobody else's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orchestrator.control.answers import PlanSummary
from orchestrator.domain.errors import DamagedData, quoted_value

DAMAGED: Final = "DAMAGED"
"""Stands where the state of a plan or task would, when its record cannot be read."""

UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What reading such a record raises: no number, no JSON, a field that is missing, a value of another kind."""


def sound(summary: PlanSummary) -> PlanSummary:
    """The same. Raises ``DamagedData`` when the plan's record cannot be read: nobody knows when it ends."""
    if summary.status == DAMAGED:
        raise DamagedData(
            f"the record of plan {summary.plan_id} is damaged; `changeover explain {summary.plan_id}` says more"
        )
    return summary


def number_in(record: Mapping[str, str], field: str, of: str) -> int:
    """The whole number in a field of ``of``'s record, 0 without one. Raises ``DamagedData``, naming it."""
    text = record.get(field, "0")
    if not text.isdecimal():
        raise DamagedData(
            f"the record of {of} is damaged: its {field} is {quoted_value(text)}, expected a whole number; put it "
            "right with HSET, or take it out: `changeover purge --force`"
        )
    return int(text)
