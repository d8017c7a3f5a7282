"""What a plan that waits for its time waits for, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.records import Record


def start_words(record: Record, told_now_ms: Callable[[], int]) -> str | None:
    """``starts at 2026-12-01 02:00 UTC, or is given up at 05:00``; None for a plan that waits for no time.

    The rate is said of a plan that has one while it has moves to start; of one that is paused, when it is given up.
    """
    status = record.get("status")
    if record.get("paced") != "1" or status not in (PlanState.READY, PlanState.RUNNING, PlanState.PAUSED):
        return None
    begin, end, rate = (_number(record, name) for name in ("notBefore", "notAfter", "rate"))
    late = f"is given up if it has not started by {_clock(end)}" if end is not None else ""
    if status == PlanState.PAUSED or record.get("pauseRequested") == "1":
        return late or None
    if begin is not None and told_now_ms() < begin:
        return f"starts at {_clock(begin)}" + (f", and {late}" if late else "")
    if rate is not None and _number(record, f"n:{TaskState.PENDING}"):
        return f"starts at most {rate} tasks a minute" + (f"; it {late}" if late else "")
    return late or None


def _number(record: Record, name: str) -> int | None:
    text = record.get(name, "")
    return counted_number(text)


def _clock(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%a %Y-%m-%d %H:%M} UTC"
