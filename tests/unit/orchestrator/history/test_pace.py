"""The rules of when moves start against doctored logs: so many a minute, not before a time, the first not after one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.history import check_log
from orchestrator.history.log_rules import replay
from orchestrator.history.pace_rules import LATE
from orchestrator.history.report import Report
from orchestrator.history.world import World
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


def starts(*seconds: float, first: int = 0) -> list[Line]:
    return [line for n, second in enumerate(seconds, first) for line in at(second, task(n, "TaskStarted"))]


def given_up(seconds: float) -> list[Line]:
    kind, fields = asked("cancel", PLAN)
    return at(seconds, (kind, {**fields, "actor": "system", "reason": LATE}))


def broken(lines: list[Line]) -> set[str]:
    return {violation.invariant for violation in check_log(tell(lines)).violations}


def begun(position: int) -> list[Line]:
    return [task(position, "TaskStageStarted", "a")]


def ended(position: int, took: int = 1) -> list[Line]:
    return [task(position, "TaskStageSucceeded", "a", durationMillis=took)]


def goes_on(position: int) -> list[Line]:
    """A worker ends a stage, and begins the next task's in the same write."""
    return [*ended(position), task(position + 1, "TaskStarted"), *begun(position + 1)]


RATE = opening(startsPerMinute=60)
SLOW = opening(startsPerMinute=1)
RUNS = [*SLOW, *starts(0), *at(0.5, *begun(0))]
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
        # It was put back, and what people are told stands still until it has caught up: a worker was sent a message,
        [*SLOW, *starts(0), *at(1, task(1, "TaskStarted"), *begun(1)), *starts(2, first=2)],
        # or ran a stage.
        [*RUNS, *at(1, *[line for n in range(5) for line in goes_on(n)])],
        # It was wrong by more than a day, and is put right.
        [*SLOW, *starts(90_000, 1, 62)],
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
        ([*SLOW, *starts(0, 50)], "I2"),
        # Whatever else is told of that moment, by one write each.
        ([*RATE, *at(5, *[of_plan("PlanProgress")] * 40), *starts(*[5.0] * TENANTS)], "I2"),
        ([*RUNS, *at(1, *goes_on(0)), *starts(62, first=2)], "I2"),
        # A stage that does nothing is run within a millisecond.
        ([*SLOW, *starts(0), *at(1, *begun(0), *ended(0, 0)), *starts(2, first=1)], "I2"),
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


def test_of_a_log_that_goes_on_the_last_moment_may_still_turn_out_to_be_longer() -> None:
    events, report = tell([*SLOW, *starts(0, 1)]), Report()
    replay(World(lambda *_: ()), events, report, is_over=False)
    assert report.holds, str(report)
    assert broken([*SLOW, *starts(0, 1)]) == {"I2"}


def test_a_plan_whose_beginning_is_cut_off_is_not_judged() -> None:
    lines = [*RATE, *starts(*[0.0] * TENANTS)]
    assert check_log(tell(lines)[TENANTS:], is_cut=True).holds
