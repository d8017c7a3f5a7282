"""How fast a plan goes, and its failures by cause: without a ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestrator.control.failure_causes import FailureCauses
from orchestrator.control.pace import WINDOW_SECONDS, Pace
from orchestrator.domain.events import FailureInfo

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_rate_needs_ends_and_a_beginning() -> None:
    pace = Pace()
    assert pace.per_minute(at(10)) is None
    pace.know_since(at(0))
    pace.note_end(at(5))
    assert (pace.per_minute(at(10)), pace.seconds_for(5, at(10))) == (None, None)
    pace.note_end(at(10))
    assert pace.per_minute(at(30)) == 4
    assert pace.seconds_for(10, at(30)) == 150


def test_only_the_last_two_minutes_count() -> None:
    pace = Pace()
    pace.know_since(at(0))
    pace.know_since(at(300))
    for second in range(0, 400, 10):
        pace.note_end(at(second))
    assert pace.per_minute(at(400)) == 12 / WINDOW_SECONDS * 60
    assert pace.per_minute(at(1000)) is None


def failure(kind: str, stage: str, message: str = "m") -> FailureInfo:
    return FailureInfo(type=kind, message=message, stage_name=stage, step_name=None)


def test_failures_are_one_group_when_type_and_place_are_the_same() -> None:
    causes = FailureCauses()
    causes.add("p.1", "a", failure("X", "one"))
    causes.add("p.2", "b", failure("X", "two", "first"))
    causes.add("p.3", "c", failure("X", "two", "last"))
    found = [(group.cause.type, group.cause.stage, group.message, list(group.tenants.values())) for group in causes]
    assert found == [("X", "two", "last", ["b", "c"]), ("X", "one", "m", ["a"])]
    # Failed once more, of something else.
    causes.add("p.3", "c", failure("Y", "two"))
    assert [(group.cause.type, len(group.tenants)) for group in causes] == [("X", 1), ("X", 1), ("Y", 1)]
    for task_id in ("p.1", "p.2", "p.3", "p.3", "nosuch"):
        causes.remove(task_id)
    assert (len(causes), list(causes)) == (0, [])
