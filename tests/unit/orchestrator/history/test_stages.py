"""Stages in doctored logs: a task that stops in the middle of one, and a way back that is not whole or not in order is
named, and nothing else is."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import check_log
from tests.unit.orchestrator.history.told import (
    FAILURE,
    PLAN,
    ROLLED_BACK,
    STAGES,
    Line,
    asked,
    move,
    of_plan,
    opening,
    right,
    running,
    task,
    tell,
)

LOST: Final = task(0, "TaskRecovered")
STOPS: Final = {"pause": "TaskPaused", "cancel": "TaskCancelled", "rollback": "TaskRollingBack"}
MOVED: Final = [*right()[:-1], asked("rollback", "p.0")]
BACK: Final = task(0, "TaskRollingBack", stagesToRollback=["b", "a"])
FORWARD: Final = task(0, "TaskRollingBack", stagesToRollback=["a", "b"])
DONE: Final = task(0, "TaskRolledBack")


def judged(lines: list[Line], cut: int = 0) -> list[tuple[str, str]]:
    report = check_log(tell(lines)[cut:], {PLAN: STAGES}, is_cut=bool(cut))
    return [(one.invariant, one.message) for one in report.violations]


def begins(stage: str) -> Line:
    return task(0, "TaskStageRollingBack", stage)


def ends(stage: str) -> Line:
    return task(0, "TaskStageRolledBack", stage)


def fails(stage: str) -> list[Line]:
    return [task(0, "TaskStageRollbackFailed", stage, failureInfo=FAILURE), task(0, "TaskRollbackFailed")]


@pytest.mark.parametrize("word", STOPS)
def test_a_task_stops_between_two_stages(word: str) -> None:
    asks = [*running(), asked(word, "p.0")]
    stop = task(0, STOPS[word])
    assert judged([*asks, task(0, "TaskStageSucceeded", "a"), stop]) == []
    named = [("I5", f"{STOPS[word]} of p.0 in the middle of its stage a")]
    assert judged([*asks, stop]) == named
    # The first of them is a cut log's own.
    assert judged([*asks, stop], cut=7) == named


@pytest.mark.parametrize("word", STOPS)
def test_one_whose_worker_was_lost_stops_in_its_stage(word: str) -> None:
    asks, stop = asked(word, "p.0"), task(0, STOPS[word])
    assert judged([*running(), asks, LOST, stop]) == []
    on = [task(0, "TaskStageSucceeded", "a"), task(0, "TaskStageStarted", "b")]
    both = [(kind, {**fields, "stagesToRollback": ["b", "a"]}) for kind, fields in [stop]]
    named = [("I5", f"{STOPS[word]} of p.0 in the middle of its stage b")]
    assert judged([*running(), LOST, *on, asks, *(both if word == "rollback" else [stop])]) == named


NEVER_BEGAN: Final = [*opening(), asked("cancel", "p.0"), task(0, "TaskCancelled"), asked("rollback", "p.0")]
MOVED_AGAIN: Final = [
    *ROLLED_BACK,
    asked("retry", "p.0", fromCheckpoint=False),
    task(0, "TaskRetryStarted"),
    task(0, "TaskStageStarted", "a"),
    task(0, "TaskStageSucceeded", "a"),
    asked("rollback", "p.0"),
]
GOES_ON: Final = [*MOVED, BACK, begins("b"), ends("b"), begins("a"), *fails("a"), asked("rollback", "p.0")]


@pytest.mark.parametrize(
    "lines",
    [
        ROLLED_BACK,
        [*MOVED, FORWARD, begins("a"), ends("a"), begins("b"), ends("b"), DONE],
        [*MOVED, BACK, begins("b"), LOST, ends("b"), begins("a"), ends("a"), DONE],
        [*GOES_ON, task(0, "TaskRollingBack"), begins("a"), ends("a"), DONE],
        [*GOES_ON, BACK, begins("b"), ends("b"), begins("a"), ends("a"), DONE],
        [*NEVER_BEGAN, task(0, "TaskRollingBack", stagesToRollback=[]), DONE],
        [*MOVED_AGAIN, task(0, "TaskRollingBack"), begins("a"), ends("a"), DONE],
    ],
    ids=["back-to-front", "front-to-back", "worker-lost", "goes-on", "begins-anew", "nothing-touched", "twice"],
)
def test_a_whole_way_back_holds(lines: list[Line]) -> None:
    assert judged(lines) == []
    for cut in range(1, len(lines)):
        assert not {said for invariant, said in judged(lines, cut) if invariant == "I4"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([BACK, begins("b"), ends("b"), DONE], "p.0 is rolled back, and ['a'] are not"),
        ([BACK, DONE], "p.0 is rolled back, and ['b', 'a'] are not"),
        ([BACK, begins("a")], "p.0 rolls a back, and ['b', 'a'] are left, in order"),
        ([FORWARD, begins("b")], "p.0 rolls b back, and ['a', 'b'] are left, in order"),
        ([BACK, begins("b"), begins("a")], "p.0 rolls a back in the middle of b"),
        ([BACK, begins("b"), begins("b")], "p.0 rolls b back in the middle of b"),
        ([BACK, ends("b")], "p.0: b is rolled back without having begun to"),
        ([BACK, *fails("b")], "p.0: b is rolled back without having begun to"),
        ([task(0, "TaskRollingBack", stagesToRollback=["b"])], "p.0 goes back over ['b'], and has begun ['a', 'b']"),
        ([task(0, "TaskRollingBack", stagesToRollback=[])], "p.0 goes back over [], and has begun ['a', 'b']"),
    ],
)
def test_a_way_back_that_is_not_whole_or_not_in_order_is_named(lines: list[Line], said: str) -> None:
    assert judged([*MOVED, *lines]) == [("I4", said)]
    if len(lines) > 1:
        assert judged([*MOVED, *lines], cut=len(MOVED)) == [("I4", said)]


PLAN_BACK: Final = [*right(), asked("rollback", PLAN), of_plan("PlanRollingBack")]
ITS_OWN: Final = [asked("rollback", "p.0", ofPlan=True), *ROLLED_BACK[-6:]]


@pytest.mark.parametrize("end", ["PlanRolledBack", "PlanRollbackFailed"])
def test_a_plan_of_which_something_stays_is_not_rolled_back(end: str) -> None:
    named = [("I12", "PlanRolledBack of p, which should be PlanRollbackFailed")]
    assert judged([*PLAN_BACK, *ITS_OWN, of_plan(end)]) == (named if end == "PlanRolledBack" else [])
    # Who has failed has begun, too.
    lines = [*opening(), task(0, "TaskStarted"), task(0, "TaskStageStarted", "a"), task(0, "TaskStageFailed", "a")]
    lines += [task(0, "TaskFailed"), *PLAN_BACK[-2:], *(task(i, "TaskCancelled") for i in (1, 2)), of_plan(end)]
    assert judged(lines) == (named if end == "PlanRolledBack" else [])


def test_a_plan_of_which_all_is_back_is_rolled_back() -> None:
    lines = [*opening(), *move(0), *PLAN_BACK[-2:], *(task(i, "TaskCancelled") for i in (1, 2)), *ITS_OWN]
    assert judged([*lines, of_plan("PlanRolledBack")]) == []


FAILS: Final = task(0, "TaskStageFailed", "a")
ENDS: Final = task(0, "TaskFailed", failedStage="a")
BOTH: Final = [*opening(), task(0, "TaskStarted"), task(1, "TaskStarted")]
RUNS: Final = [*BOTH, task(1, "TaskStageStarted", "a"), task(0, "TaskStageStarted", "a")]
GOES_BACK: Final = [*MOVED, BACK, begins("b")]


@pytest.mark.parametrize(
    "lines",
    [
        [*RUNS, FAILS, ENDS],
        [*RUNS, FAILS, task(0, "TaskFailed")],
        [*RUNS[:-1], task(0, "TaskFailed", failedStage="a")],
        [*RUNS, task(0, "TaskStageSucceeded", "a"), task(0, "TaskFailed", completedStages=1, failedStage="b")],
        [*GOES_BACK, *fails("b")],
        [*GOES_BACK, ends("b"), fails("a")[1]],
    ],
    ids=["in-a-stage", "of-an-older-release", "before-the-first", "between-two", "back", "back-between-two"],
)
def test_a_task_fails_with_its_stage_or_between_two(lines: list[Line]) -> None:
    assert judged(lines) == []
    assert not any(judged(lines, cut) for cut in range(6, len(lines)))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*RUNS, ENDS], "p.0 fails within a, which did not"),
        ([*RUNS, FAILS, task(0, "TaskFailed", failedStage="b")], "p.0 fails in b, and what failed is a"),
        (
            [*RUNS, FAILS, task(0, "TaskStageStarted", "a")],
            "TaskStageStarted follows the failure of a of p.0, and not its TaskFailed",
        ),
        (
            [*RUNS, FAILS, task(1, "TaskStageSucceeded", "a"), ENDS],
            "TaskStageSucceeded follows the failure of a of p.0, and not its TaskFailed",
        ),
        ([*GOES_BACK, fails("b")[1]], "p.0 fails within b, which did not"),
        (
            [*GOES_BACK, fails("b")[0], begins("b")],
            "TaskStageRollingBack follows the failure of b of p.0, and not its TaskRollbackFailed",
        ),
    ],
)
def test_a_stage_that_fails_alone_and_a_task_that_does_are_named(lines: list[Line], said: str) -> None:
    assert judged(lines) == [("I4", said)]
