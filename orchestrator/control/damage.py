"""Records that nobody can read, since a hand or a lost disk has changed them: shown as such, in nobody else's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.domain.errors import DamagedData, quoted_value
from orchestrator.domain.status import DAMAGED
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.typed import typed

UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What reading such a record raises: no number, no JSON, a field that is missing, a value of another kind, a number
that is too large."""

_Status = TypeVar("_Status", PlanSummary, TaskStatus)


def sound(found: _Status) -> _Status:
    """The same. Raises ``DamagedData`` when the record cannot be read: nobody knows when the plan or task ends."""
    if found.status == DAMAGED:
        kind, identifier = ("task", found.task_id) if isinstance(found, TaskStatus) else ("plan", found.plan_id)
        raise DamagedData(
            f"the record of {kind} {identifier} is damaged; `{typed('explain', f'--{kind}', identifier)}` says more"
        )
    return found


def number_in(record: Mapping[str, str], field: str, of: str) -> int:
    """The whole number in a field of ``of``'s record, 0 without one. Raises ``DamagedData``, naming it."""
    text = record.get(field, "0")
    if (number := counted_number(text)) is None:
        raise DamagedData(
            f"the record of {of} is damaged: its {field} is {quoted_value(text)}, expected a whole number; put it "
            "right with HSET, or take it out: `changeover purge --force`"
        )
    return number
