"""The log of a plan, looked through from its end: a bounded number of events at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.domain import events as e
from orchestrator.domain.pattern import is_like

WANTED: Final = 60
STEP: Final = 500
MOST: Final = 5000
"""Events that are looked at for one page."""

EventTest = Callable[[e.Event], bool]


def _is_asked(event: e.Event) -> bool:
    return bool(getattr(event, "actor", ""))


def _is_failure(event: e.Event) -> bool:
    return event.type.endswith(("Failed", "Tripped", "Rejected"))


def _is_of_plan(event: e.Event) -> bool:
    return event.type.startswith("Plan") and event.type != e.PlanProgress.__name__


KINDS: Final[Mapping[str, EventTest]] = {"asked": _is_asked, "failed": _is_failure, "plan": _is_of_plan}


@dataclass(frozen=True, slots=True)
class LogFound:
    """``reached``: sequence id of the oldest event looked at, from where to go on; 0 at the log's beginning."""

    events: list[e.Event]
    looked: int
    reached: int


def search_log(live: WatchedPlan, kind: EventTest | None, tenants: str | None, before: int | None) -> LogFound:
    """The newest events of a kind, of tenants like a pattern, older than ``before``."""
    found: list[e.Event] = []
    looked, reached = 0, before
    while looked < MOST:
        step = live.log(reached, STEP)
        for event in step:
            looked, reached = looked + 1, event.sequence_id
            if (kind is None or kind(event)) and (tenants is None or _is_of(event, tenants)):
                found.append(event)
                if len(found) == WANTED:
                    return LogFound(found, looked, reached)
        if len(step) < STEP:
            return LogFound(found, looked, 0)
    return LogFound(found, looked, reached or 0)


def _is_of(event: e.Event, tenants: str) -> bool:
    return is_like(getattr(event, "tenant_id", None) or "", tenants)
