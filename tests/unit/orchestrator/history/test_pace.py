"""The rules of when moves start against doctored logs: so many a minute, not before a time, the first not after one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.history import check_log
from orchestrator.history.pace_rules import LATE
from tests.unit.orchestrator.history.told import PLAN, WRITTEN_AT, Line, asked, of_plan, task, tell

TENANTS = 12


def at(seconds: float, *lines: Line) -> list[Line]:
    return [(kind, {**fields, "occurredAt": WRITTEN_AT + timedelta(seconds=seconds)}) for kind, fields in lines]


def created(**head: Any) -> list[Line]:
    tasks = [task(n, "TaskCreated") for n in range(TENANTS)]
    head |= {"totalTasks": TENANTS, "maxConcurrency": TENANTS}
    return [of_plan("PlanCreated", **head), *tasks, of_plan("PlanReady", totalTasks=TENANTS)]


def opening(**head: Any) -> list[Line]:
    return [*created(**head), of_plan("PlanStarted")]


def moment(seconds: float) -> str:
    return (WRITTEN_AT + timedelta(seconds=seconds)).isoformat()


def starts(*seconds: float, first: int = 0, kind: str = "TaskStarted", told: float | None = None) -> list[Line]:
    """By the ledger's clock, which need not be the time that people are told."""
    clock = [5_000_000 + round(second * 1000) for second in seconds]
    moves = [task(n, kind, ledgerClockMillis=millis) for n, millis in enumerate(clock, first)]
    return [line for second, move in zip(seconds, moves, strict=True) for line in at(told or second, move)]


def untold(lines: list[Line]) -> list[Line]:
    """As a release before 0.2 has written them."""
    return [
        (kind, {name: value for name, value in fields.items() if name != "ledgerClockMillis"}) for kind, fields in lines
    ]


def given_up(seconds: float) -> list[Line]:
    kind, fields = asked("cancel", PLAN)
    return at(seconds, (kind, {**fields, "actor": "system", "reason": LATE}))


def broken(lines: list[Line]) -> set[str]:
    return {violation.invariant for violation in check_log(tell(lines)).violations}


RATE = opening(startsPerMinute=60)
SLOW = opening(startsPerMinute=1)
LATER = opening(notBefore=moment(60))
ENDS = opening(notAfter=moment(60))
IN_TIME = [*created(notBefore=moment(60)), *at(60, of_plan("PlanStarted"))]


@pytest.mark.parametrize(
    "lines",
    [
        [*opening(), *starts(*[0.0] * TENANTS)],
        [*RATE, *starts(*range(TENANTS))],
        # To a fraction of a millisecond, as the ledger keeps it.
        [*opening(startsPerMinute=90), *starts(0, 0.334, 1.001, 1.667, 2.334, 3.001)],
        [*opening(startsPerMinute=112), *starts(0, 0.072, 0.608, 1.143, 1.679, 2.215, 2.75)],
        # Redis' clock was put back, and what people are told stands still until it has caught up,
        [*SLOW, *starts(0, 60, 120, 180, told=1)],
        # or it was wrong by more than a day, and is put right.
        [*SLOW, *starts(0, told=90_000), *starts(60, 120, first=1, told=1)],
        # A release that does not tell the ledger's clock: it is unknown when its starts were.
        [*RATE, *untold(starts(*[0.0] * TENANTS))],
        [*SLOW, *untold(starts(0)), *starts(1, 61, first=1), *untold(starts(121, first=3)), *starts(181, first=4)],
        [*IN_TIME, *starts(60, 61)],
        [*ENDS, *starts(59, 61)],
        [*ENDS, *given_up(60), *at(60, *[task(n, "TaskCancelled") for n in range(TENANTS)], of_plan("PlanCancelled"))],
    ],
)
def test_a_right_history_holds(lines: list[Line]) -> None:
    assert broken(lines) == set(), str(check_log(tell(lines)))


@pytest.mark.parametrize(
    ("lines", "invariant"),
    [
        ([*RATE, *starts(*[0.0] * TENANTS)], "I2"),
        ([*RATE, *starts(*(n / 3 for n in range(TENANTS)))], "I2"),
        ([*SLOW, *starts(0, 59.999)], "I2"),
        ([*opening(startsPerMinute=90), *starts(0, 0.334, 1)], "I2"),
        # Whatever step of Redis' clock people were told of.
        ([*SLOW, *starts(0), *starts(59, first=1, told=3600)], "I2"),
        ([*SLOW, *starts(0, 59, told=1)], "I2"),
        # Whatever else is told of that moment, by one write each.
        ([*RATE, *at(5, *[of_plan("PlanProgress")] * 40), *starts(*[5.0] * TENANTS)], "I2"),
        (LATER, "I15"),
        ([*IN_TIME, *starts(59)], "I15"),
        ([*ENDS, *starts(60)], "I15"),
        ([*ENDS, *given_up(59)], "I15"),
        ([*opening(), *given_up(59)], "I15"),
        ([*ENDS, *starts(59), *given_up(61)], "I15"),
    ],
)
def test_a_doctored_history_is_rejected(lines: list[Line], invariant: str) -> None:
    assert broken(lines) == {invariant}, str(check_log(tell(lines)))


@pytest.mark.parametrize("kind", ["TaskResumed", "TaskRetryStarted"])
def test_what_goes_on_counts_as_a_start(kind: str) -> None:
    """It was not stopped before, which is another matter."""
    assert "I2" in broken([*SLOW, *starts(0), *starts(59, first=1, kind=kind)])
    assert "I2" not in broken([*SLOW, *starts(0), *starts(60, first=1, kind=kind)])


def test_a_plan_whose_beginning_is_cut_off_is_not_judged() -> None:
    lines = [*RATE, *starts(*[0.0] * TENANTS)]
    assert check_log(tell(lines)[TENANTS:], is_cut=True).holds
