"""What a plan declares to follow a breach, in doctored logs: a breaker that does something else is named."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import check_log
from tests.unit.orchestrator.history.test_fleet_log import PAUSED, TRIPPED, failure, opening, told, tripped
from tests.unit.orchestrator.history.told import FAILURE, PLAN, STAGES, Line, asked, by_policy, of_plan, task, tell

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
