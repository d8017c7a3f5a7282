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


def starts(*seconds: float) -> list[Line]:
    return [line for n, second in enumerate(seconds) for line in at(second, task(n, "TaskStarted"))]


def given_up(seconds: float) -> list[Line]:
    kind, fields = asked("cancel", PLAN)
    return at(seconds, (kind, {**fields, "actor": "system", "reason": LATE}))


def broken(lines: list[Line]) -> set[str]:
    return {violation.invariant for violation in check_log(tell(lines)).violations}


RATE = opening(startsPerMinute=60)
LATER = opening(notBefore=moment(60))
ENDS = opening(notAfter=moment(60))
IN_TIME = [*created(notBefore=moment(60)), *at(60, of_plan("PlanStarted"))]


@pytest.mark.parametrize(
    "lines",
    [
        [*opening(), *starts(*[0.0] * TENANTS)],
        [*RATE, *starts(*range(TENANTS))],
        # A step of Redis' clock by some seconds is not seen.
        [*RATE, *starts(0, 0, 0, 1, 2, 3)],
        # It was put back, and what people are told stood still until it had caught up.
        [*RATE, *at(5, *[of_plan("PlanProgress")] * 40), *starts(*[5.0] * TENANTS)],
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
        ([*opening(startsPerMinute=1), *starts(0, 50)], "I2"),
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


def test_a_plan_whose_beginning_is_cut_off_is_not_judged() -> None:
    lines = [*RATE, *starts(*[0.0] * TENANTS)]
    assert check_log(tell(lines)[TENANTS:], is_cut=True).holds
