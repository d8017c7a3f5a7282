"""What a plan declares to follow a breach, in doctored logs: a breaker that does something else is named."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import check_log
from tests.unit.orchestrator.history.test_fleet_log import (
    ON,
    PAUSED,
    SENT_BACK,
    TRIPPED,
    failure,
    goes_back,
    opening,
    sends_back,
    told,
    tripped,
)
from tests.unit.orchestrator.history.told import (
    FAILURE,
    PLAN,
    STAGES,
    Line,
    asked,
    by_policy,
    move,
    of_plan,
    task,
    tell,
)

DOES: Final[dict[str, list[Line]]] = {
    "pause": [by_policy("pause"), PAUSED],
    "cancel": [by_policy("cancel")],
    "rollback_wave": [by_policy("pause"), PAUSED],
    "rollback_plan": [by_policy("rollback"), of_plan("PlanRollingBack")],
}
# Answered, then taken back by hand: that fails, which trips the breaker of the plan.
FAILS_BACK: Final = told(
    opening(onBreach="rollback_plan", failureTolerance={"count": 0}, canary={"failureTolerance": None}),
    failure(0)[:2],
    asked("pause", "p.0"),
    [task(0, "TaskStageSucceeded", "a"), task(0, "TaskPaused"), asked("rollback", "p.0")],
    [task(0, "TaskRollingBack"), task(0, "TaskStageRollingBack", "a")],
    [task(0, "TaskStageRollbackFailed", "a", failureInfo=FAILURE), task(0, "TaskRollbackFailed")],
    of_plan("PlanProgress"),
)

# All that a breaker took back is moved again, by a retry of the plan.
AGAIN: Final = asked("retry", PLAN, fromCheckpoint=False)
STOPPED: Final = told(asked("pause", PLAN), PAUSED)


def retried(position: int) -> Line:
    return asked("retry", f"{PLAN}.{position}", ofPlan=True, fromCheckpoint=False)


def fails_again(position: int, trips: Line, *stops: Line) -> list[Line]:
    """Its breaker trips once more."""
    does = [by_policy("pause"), *stops, sends_back(f"{PLAN}.{position}")]
    return told(failure(position, "TaskRetryStarted"), trips, does, goes_back(position))


def without_waves() -> list[Line]:
    """The last has failed and is back, the one before is paused."""
    *head, _ = opening(onBreach="rollback_wave", failureTolerance={"count": 0, "mode": "soft"})
    head[0][1]["waves"] = []
    for _, fields in head[1:4]:
        del fields["wave"]
    runs, stops = [task(1, "TaskStarted"), task(1, "TaskStageStarted", "a")], task(1, "TaskStageSucceeded", "a")
    back = told(by_policy("pause"), sends_back("p.2"), stops, task(1, "TaskPaused"), PAUSED, goes_back(2))
    return told(head, move(0), runs, failure(2), tripped(1, 0, action="rollback_wave"), back)


def judged(lines: list[Line]) -> list[tuple[str, str]]:
    return [(one.invariant, one.message) for one in check_log(tell(lines), {PLAN: STAGES}).violations]


def breach(declared: str | None, done: str) -> list[Line]:
    head = opening() if declared is None else opening(onBreach=declared)
    return told(head, failure(0), tripped(1, 0, wave="canary", action=done), DOES[done])


@pytest.mark.parametrize("done", DOES)
@pytest.mark.parametrize("declared", [None, *DOES])
def test_a_breaker_does_what_its_plan_declares(declared: str | None, done: str) -> None:
    wanted = declared or "pause"
    named = [("I14", f"the action of a breaker of p is {done}, and should be {wanted}")]
    assert judged(breach(declared, done)) == ([] if done == wanted else named)


@pytest.mark.parametrize("done", DOES)
def test_by_a_way_back_that_fails_a_plan_only_pauses(done: str) -> None:
    named = [("I14", f"the action of a breaker of p is {done}, and should be pause")]
    assert judged(told(FAILS_BACK, tripped(1, 0, action=done), DOES[done])) == ([] if done == "pause" else named)


def test_a_cut_log_does_not_tell_what_was_declared() -> None:
    events = tell(breach("cancel", "pause"))
    assert all(check_log(events[at:], {PLAN: STAGES}, is_cut=True).holds for at in range(1, len(events)))
    assert judged(TRIPPED) == []


def test_a_retry_of_all_that_is_back_stands_for_the_answer_until_it_is_over() -> None:
    named = [("I14", "p is resumed though its breaker took canary back")]
    under_way = told(SENT_BACK, AGAIN, ON, STOPPED)
    assert judged(told(under_way, ON)) == []
    # A plan with waves starts nobody before that, and the breaker trips once more.
    trips = tripped(1, 0, wave="canary", action="rollback_wave")
    again = told(SENT_BACK, AGAIN, retried(0), ON, fails_again(0, trips, PAUSED))
    assert judged(again) == []
    assert judged(told(again, ON)) == named
    # Without waves it is over with the last of its tasks.
    alone = told(without_waves(), AGAIN, ON, STOPPED)
    assert judged(told(alone, ON)) == []
    trips = tripped(1, 0, action="rollback_wave")
    done = told(without_waves(), AGAIN, retried(2), ON, task(1, "TaskResumed"), fails_again(2, trips))
    assert judged(done) == []
    assert judged(told(done, asked("resume", PLAN))) == [("I14", "p is resumed though its breaker took P back")]


def test_it_is_over_where_its_plan_is_stopped_for_what_it_left() -> None:
    alone = told(without_waves(), AGAIN, ON, by_policy("pause"), PAUSED)
    assert judged(alone) == []
    assert judged(told(alone, ON)) == [("I14", "p is resumed though its breaker took P back")]
