"""What the checker knows of a plan goes with it: its id is free, and nothing that was told of it holds for the next."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import check_log
from orchestrator.history.freeze_view import FreezeView
from orchestrator.history.pace_view import PaceView
from orchestrator.history.world import World
from tests.unit.orchestrator.history.told import (
    PLAN,
    STAGES,
    WRITTEN_AT,
    Line,
    asked,
    freeze,
    move,
    of_plan,
    opening,
    right,
    running,
    task,
    tell,
)

OF_NO_PLAN: Final = {
    World: {"sequence", "is_cut", "views", "_stage_names", "_damaged"},
    FreezeView: {"standing", "_windows"},
    PaceView: {"early", "_instant"},
}
OF_ALL_LIVES: Final = {"plan_numbers", "plan_times", "requests", "recorded", "recoveries"}
"""What rises over all plans of an id, and what the effects of those that are gone are judged by."""

PURGED: Final = of_plan("PlanPurged", actor="me", reason="", forced=True)
OTHER_PURGED: Final = of_plan("PlanPurged", planId="q", actor="me", reason="", forced=True)
DRAFT: Final = [
    of_plan("PlanCreated", groupLimits={"g": 1}, startsPerMinute=1, notBefore=WRITTEN_AT, autoRollback="task"),
    *(task(i, "TaskCreated", groups=["g"]) for i in range(3)),
]
FAILS: Final = [task(0, "TaskStageFailed", "a"), task(0, "TaskFailed")]
STARTED: Final = [*DRAFT, of_plan("PlanReady"), of_plan("PlanStarted")]
LIVED: Final = [
    freeze("t9"),
    *STARTED,
    asked("override-freeze", PLAN),
    asked("retry", PLAN, "r-1"),
    *running()[-2:],
    *FAILS,
    asked("retry", "p.0", overrideFreeze=True),
    *running()[-2:],
    task(0, "TaskRecovered"),
    task(0, "TaskStageSucceeded", "a"),
    task(1, "TaskRetryStarted"),
    asked("rollback", "p.0"),
    task(2, "TaskStarted"),
    of_plan("PlanCreated", planId="q"),
    ("TaskStageFailed", {"planId": "q", "taskId": "q.0", "tenantId": "x", "stageName": "a"}),
    task(2, "TaskFailed"),
    of_plan("PlanBreakerTripped", failed=1, tolerance=0, action="pause"),
]
"""Something of everything, whether it may be or not."""


def known(lines: list[Line]) -> dict[str, object]:
    """All that the checker knows of plans, by its name."""
    world = World(lambda *_: STAGES)
    for event in tell(lines):
        world.apply(event)
    found: dict[str, object] = {}
    for of in (world, *world.views):
        names = getattr(type(of), "__slots__", ()) or vars(of)
        for name in set(names) - OF_NO_PLAN.get(type(of), set()) - OF_ALL_LIVES:
            value = getattr(of, name)
            if value not in world.views:
                found[f"{type(of).__name__}.{name}"] = value
    return found


def test_of_a_plan_that_is_gone_nothing_is_kept() -> None:
    as_new, lived = known([]), known(LIVED)
    # Nothing is shown of what was empty before.
    assert [name for name, value in lived.items() if value == as_new[name]] == []
    assert known([*LIVED, PURGED, OTHER_PURGED]) == as_new
    assert known([*DRAFT, of_plan("PlanValidationFailed", reason="cut off")]) == as_new


@pytest.mark.parametrize(
    "gone", [[*DRAFT, of_plan("PlanValidationFailed", reason="cut off")], [*STARTED, asked("cancel", PLAN), PURGED]]
)
def test_the_next_plan_of_an_id_is_not_held_to_the_limits_of_the_one_before(gone: list[Line]) -> None:
    grouped = [(kind, fields | {"groups": ["g"]} if kind == "TaskCreated" else fields) for kind, fields in opening()]
    lines = [*gone, *grouped, task(0, "TaskStarted"), task(1, "TaskStarted")]
    assert check_log(tell(lines), {PLAN: STAGES}).holds


def test_whom_a_freeze_let_pass_it_does_not_let_pass_in_the_next_plan_of_the_id() -> None:
    passed = [*running(), *FAILS, freeze("t0"), asked("retry", "p.0", fromCheckpoint=True, overrideFreeze=True)]
    assert not check_log(tell([*passed, *move(0, "TaskRetryStarted")]), {PLAN: STAGES}).of("I15")
    report = check_log(tell([*passed, PURGED, *right()]), {PLAN: STAGES})
    assert [one.message for one in report.violations] == ["p.0 is admitted while freeze-1 freezes t0"]
