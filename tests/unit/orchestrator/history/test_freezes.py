"""I15 is judged from the log alone: right histories hold, doctored ones are rejected, and the events are named."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.history import Report, check_log
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PLAN,
    RETRIED,
    ROLLED_BACK,
    STAGES,
    Line,
    asked,
    freeze,
    move,
    of_plan,
    opening,
    right,
    task,
    tell,
    unfreeze,
)

LABELLED = [
    (kind, {**fields, "labels": {"region": "eu"}} if kind == "TaskCreated" else fields) for kind, fields in opening()
]
US: dict[str, Any] = {"scope": {"label": "region=us"}}
LATER: dict[str, Any] = {"from": "2026-01-01T00:00:01Z"}
EU: dict[str, Any] = {"scope": {"label": "region=eu"}}
# Everything in these histories is written at midnight UTC, 1 January 2026: a Thursday, one in the morning in Berlin.
NIGHT: dict[str, Any] = {"every": "Thu 00:00-06:00 Europe/Berlin"}
DAY: dict[str, Any] = {"every": "Thu 08:00-18:00 Europe/Berlin"}


def of(lines: list[Line]) -> Report:
    return check_log(tell(lines), {PLAN: STAGES})


HOLDS: dict[str, list[Line]] = {
    "none": right(),
    "another tenant": [freeze("u*"), *right()],
    "over by then": [freeze(after=-3601), *right()],
    "begins later": [freeze(**LATER), *right()],
    "lifted": [*opening(), freeze(), *move(0), unfreeze(), *move(1), *move(2), of_plan("PlanCompleted")],
    "only frozen once it runs": [*opening(), *move(0)[:2], freeze(None), *move(0)[2:]],
    "not at this hour": [freeze(seconds=None, **DAY), *right()],
    "another label": [freeze(None, **US), *LABELLED, *move(0)],
    "the plan may pass": [freeze(None), *opening(), asked("override-freeze", PLAN), *move(0)],
    "one that was retried before may pass": [
        *RETRIED[:11],
        freeze("t0"),
        asked("override-freeze", "p.0"),
        *RETRIED[11:],
    ],
    "its retry may pass": [
        *RETRIED[:10],
        freeze(None),
        asked("retry", "p.0", fromCheckpoint=True, overrideFreeze="fire"),
        asked("cancel", "p.1"),
        task(1, "TaskCancelled"),
        asked("cancel", "p.2"),
        task(2, "TaskCancelled"),
        task(0, "TaskRetryStarted"),
    ],
    "a rollback passes": [*right()[:-1], freeze(None), *ROLLED_BACK[len(right()) - 1 :]],
    "what runs turns at its boundary": [
        *opening(),
        *move(0)[:2],
        freeze(None, rollbacksToo=True),
        asked("rollback", "p.0"),
        task(0, "TaskStageSucceeded", "a"),
        task(0, "TaskRollingBack", stagesToRollback=["a"]),
    ],
}
BROKEN: dict[str, list[Line]] = {
    "a frozen tenant": [freeze(), *right()],
    "all tenants": [freeze(None), *right()],
    "a pattern": [freeze("t*"), *right()],
    "by label": [freeze(None, **EU), *LABELLED, *move(0)],
    "at this hour": [freeze(seconds=None, **NIGHT), *right()],
    "another freeze is lifted": [
        freeze(),
        freeze("x", freezeId="freeze-2"),
        ("FreezeLifted", {"freezeId": "freeze-2", "actor": "a", "reason": "", "occurredAt": "2026-01-01T00:00:00Z"}),
        *right(),
    ],
    "a resumed one": [*PAUSED[:12], freeze("t0"), *PAUSED[12:]],
    "a retried one": [*RETRIED[:11], freeze("t0"), *RETRIED[11:]],
    "a rollback, too": [*right()[:-1], freeze("t0", rollbacksToo=True), *ROLLED_BACK[len(right()) - 1 :]],
    "another plan may pass": [freeze(None), *opening(), asked("override-freeze", "q"), *move(0)],
    "its next retry may not pass": [
        *opening(),
        task(0, "TaskStarted"),
        task(0, "TaskFailed"),
        freeze("t0"),
        asked("retry", "p.0", fromCheckpoint=True, overrideFreeze="fire"),
        *move(1),
        *move(2),
        task(0, "TaskRetryStarted"),
        task(0, "TaskFailed"),
        asked("retry", "p.0", fromCheckpoint=True),
        task(0, "TaskRetryStarted"),
    ],
}


@pytest.mark.parametrize("name", sorted(HOLDS))
def test_a_right_history_holds(name: str) -> None:
    report = of(HOLDS[name])
    assert not report.of("I15"), str(report)
    assert not report.of("I6"), str(report)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_doctored_one_is_rejected(name: str) -> None:
    assert of(BROKEN[name]).of("I15"), name


def test_freeze_and_admission_are_named() -> None:
    (found,) = of([*opening(), freeze(), *move(0), *move(1)]).of("I15")
    assert str(found) == "I15: p.1 is admitted while freeze-1 freezes t1 (events 7, 15)"


def test_a_gap_before_a_freeze_is_a_gap() -> None:
    events = tell([*opening(), freeze(), *move(0)])
    assert check_log([*events[:5], *events[6:]]).of("I6")
    assert check_log([*events[:6], *events[7:]]).of("I6")
