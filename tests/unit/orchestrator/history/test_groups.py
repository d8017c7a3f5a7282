"""I16 is judged from the log alone: right histories hold, doctored ones are rejected."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.history import Report, check_log
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PLAN,
    ROLLED_BACK,
    STAGES,
    WRITTEN_AT,
    Line,
    asked,
    move,
    of_plan,
    opening,
    right,
    task,
    tell,
)


def limits(**most: int) -> Line:
    return "GroupLimitsSet", {"limits": most, "occurredAt": WRITTEN_AT}


def grouped(lines: list[Line], *groups: str) -> list[Line]:
    """The same, all tenants being of these groups."""
    more: dict[str, Any] = {"groups": list(groups)}
    return [(kind, {**fields, **more} if kind == "TaskCreated" else fields) for kind, fields in lines]


def of(lines: list[Line]) -> Report:
    return check_log(tell(lines), {PLAN: STAGES})


TWO = [*opening(), task(0, "TaskStarted"), task(1, "TaskStarted")]
BACK = ROLLED_BACK[len(right()) - 1 :]
HOLDS: dict[str, list[Line]] = {
    "one after the other": [limits(db=1), *grouped(right(), "db")],
    "one after the other within the plan's own": [
        (kind, {**fields, "groupLimits": {"db": 1}} if kind == "PlanCreated" else fields)
        for kind, fields in grouped(right(), "db")
    ],
    "two places": [limits(db=2), *grouped(TWO, "db")],
    "another group": [limits(db=1), *grouped(TWO, "rack")],
    "no limit any more": [limits(db=1), limits(), *grouped(TWO, "db")],
    "a limit that comes later": [*grouped(TWO, "db"), limits(db=1)],
    "a pause gives up its place": [
        limits(db=1),
        *grouped(PAUSED[:11], "db"),
        *move(1),
        asked("resume", "p.0"),
        task(0, "TaskResumed"),
    ],
    "what turns keeps its place": [
        limits(db=1),
        *grouped(opening(), "db"),
        *move(0)[:2],
        asked("rollback", "p.0"),
        task(0, "TaskStageSucceeded", "a"),
        task(0, "TaskRollingBack"),
    ],
    "purged": [
        limits(db=1),
        *grouped([*opening(), task(0, "TaskStarted")], "db"),
        asked("cancel", PLAN),
        of_plan("PlanPurged", actor="me", reason="", forced=True),
        *grouped([*opening(), task(0, "TaskStarted")], "db"),
    ],
}
BROKEN: dict[str, list[Line]] = {
    "one more than may": [limits(db=1), *grouped(TWO, "db")],
    "lowered by then": [limits(db=2), *grouped(TWO[:-1], "db"), limits(db=1), TWO[-1]],
    "the second of two groups": [limits(rack=1), *grouped(TWO, "db", "rack")],
    "a resumed one": [limits(db=1), *grouped(PAUSED[:11], "db"), task(1, "TaskStarted"), *PAUSED[11:]],
    "a rollback": [
        limits(db=1),
        *grouped(right()[:-1], "db"),
        asked("retry", "p.1"),
        task(1, "TaskRetryStarted"),
        *BACK,
    ],
}


@pytest.mark.parametrize("name", sorted(HOLDS))
def test_a_right_history_holds(name: str) -> None:
    report = of(HOLDS[name])
    assert not report.of("I16"), str(report)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_doctored_one_is_rejected(name: str) -> None:
    assert of(BROKEN[name]).of("I16"), name


def test_holders_and_admission_are_named() -> None:
    (found,) = of(BROKEN["one more than may"]).of("I16")
    assert str(found) == "I16: p.1 is admitted while all 1 places of group db are taken (events 8, 9)"
