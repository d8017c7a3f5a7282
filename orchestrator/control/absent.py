"""The error for what is not there: it names the namespace, since the wrong one is the usual reason; and of a plan whose
record was lost that, since when, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from redis.exceptions import ResponseError

from orchestrator.domain.errors import NotFound, quoted_value
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader

_PLANS: Final = "`changeover status` lists the plans"
_HINTS: Final = {
    "plan": _PLANS,
    "plan, task or tenant": _PLANS,
    "task": "`changeover status PLAN_ID` lists a plan's tasks",
}


def absent(reader: Reader, kind: str, identifier: str, what_for: str = "") -> NotFound:
    """Of the plan, task or tenant of this id, and where to find the right one."""
    what = f"{kind} {quoted_value(identifier)}{what_for and ' '}{what_for}"
    lost = "" if "tenant" in kind and "plan" not in kind else lost_with(reader, identifier)
    says = lost or _HINTS.get(kind)
    return NotFound(f"no {what} in namespace {reader.namespace!r}" + (f"; {says}" if says else ""))


def lost_with(reader: Reader, identifier: str) -> str:
    """What became of the plan of this id, or that a task of this id was of, if its record was lost; else ""."""
    try:
        lost = dict(reader.lost_plans())
    except ResponseError:
        # Damaged: `doctor` tells.
        return ""
    found = next((one for one in (identifier, plan_of(identifier)) if one in lost), None)
    return "" if found is None else f"plan {found}: {lost_words(lost[found])}"


def lost_words(at: datetime) -> str:
    """After the plan's name."""
    return f"its record was gone; taken out at {at:%Y-%m-%d %H:%M:%S} UTC, its tenants are free: submit it again"
