"""What was asked for, accepted, and does not come, in doctored logs: each is named for what it breaks and nothing else,
at the next event, and where the log ends."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.domain.events import OtherEvent
from orchestrator.history import check_history, check_log
from tests.unit.orchestrator.history.told import (
    PAUSED,
    PAUSED_PLAN,
    PLAN,
    RETRIED,
    ROLLED_BACK,
    STAGES,
    Line,
    asked,
    ledger,
    move,
    of_plan,
    opening,
    right,
    running,
    task,
    tell,
)

ENDS: Final = task(0, "TaskStageSucceeded", "a")
GOES_ON: Final = [ENDS, task(0, "TaskStageStarted", "b")]
OTHER_WAITS: Final = task(1, "TaskWaiting")
CANCELLED, PAUSES, BACK = task(0, "TaskCancelled"), task(0, "TaskPaused"), task(0, "TaskRollingBack")
STOPPED: Final = PAUSED[:11]
"""Paused by itself, with its tenant."""
FAILED: Final = RETRIED[:10]
STAGE_FAILED: Final = RETRIED[:9]
PLAN_STOPS: Final = PAUSED_PLAN[:11]
"""The last that ran has stopped, and PlanPaused is to come."""
PLAN_BACK: Final = [asked("rollback", PLAN), of_plan("PlanRollingBack")]


def broken(lines: list[Line]) -> list[tuple[str, str]]:
    report = check_log(tell(lines), {PLAN: STAGES})
    return [(violation.invariant, violation.message) for violation in report.violations]


@pytest.mark.parametrize(
    "lines",
    [
        [*opening(), asked("pause", "p.0"), OTHER_WAITS, PAUSES],
        [*opening(), asked("rollback", "p.0"), PAUSES],
        [*opening(), asked("cancel", "p.0"), CANCELLED],
        [*STOPPED, asked("cancel", "p.0"), CANCELLED],
        [*STOPPED, asked("exclude", "p.0"), OTHER_WAITS, CANCELLED],
        [*running(), asked("release", "p.0"), task(0, "TaskStageFailed", "a"), OTHER_WAITS, task(0, "TaskFailed")],
        [*FAILED, asked("accept", "p.0"), task(0, "TaskFailureAccepted", actor="me", reason="")],
        [*running(), asked("cancel", "p.0"), ENDS, CANCELLED],
        [*running(), asked("rollback", "p.0"), ENDS, BACK],
        [*running(), *PLAN_BACK, ENDS, CANCELLED],
        [*running(), asked("pause", PLAN)],
        [*PLAN_STOPS, of_plan("PlanPaused")],
        [*opening(), asked("pause", PLAN), of_plan("PlanPaused")],
    ],
)
def test_what_comes_as_it_was_asked_for_holds(lines: list[Line]) -> None:
    assert broken(lines) == []


NEVER: Final[dict[str, tuple[list[Line], str, str]]] = {
    "a waiting one's pause": (
        [*opening(), asked("pause", "p.2"), *move(0)],
        "I5",
        "TaskStarted follows the pause of p.2, and not its TaskPaused",
    ),
    "a waiting one's way back": (
        [*opening(), asked("rollback", "p.2"), of_plan("PlanProgress")],
        "I5",
        "PlanProgress follows the rollback of p.2, and not its TaskPaused",
    ),
    "a waiting one's cancel": (
        [*opening(), asked("cancel", "p.2"), *move(0)],
        "I5",
        "TaskStarted follows the cancel of p.2, and not its TaskCancelled",
    ),
    "a waiting one's exclusion": (
        [*opening(), asked("exclude", "p.2"), *move(0)],
        "I5",
        "TaskStarted follows the exclude of p.2, and not its TaskCancelled",
    ),
    "a paused one's cancel": (
        [*STOPPED, asked("cancel", "p.0"), *move(1)],
        "I5",
        "TaskStarted follows the cancel of p.0, and not its TaskCancelled",
    ),
    "a release": (
        [*running(), asked("release", "p.0"), ENDS],
        "I7",
        "TaskStageSucceeded follows the release of p.0, and not its TaskStageFailed or TaskFailed",
    ),
    "an acceptance": (
        [*FAILED, asked("accept", "p.0"), *move(1)],
        "I7",
        "TaskStarted follows the accept of p.0, and not its TaskFailureAccepted",
    ),
    "a failure, at the end of the log": (STAGE_FAILED, "I4", "the failure of a of p.0 is told, and not its TaskFailed"),
    "a failure, and others wait": (
        [*STAGE_FAILED, OTHER_WAITS],
        "I4",
        "the failure of a of p.0 is told, and not its TaskFailed",
    ),
    "a failure, and one waits that runs": (
        [*running(), task(1, "TaskStarted"), STAGE_FAILED[-1], OTHER_WAITS, task(0, "TaskFailed")],
        "I4",
        "TaskWaiting follows the failure of a of p.0, and not its TaskFailed",
    ),
    "a cancel, at the end of the log": (
        [*opening(), asked("cancel", "p.2")],
        "I5",
        "the cancel of p.2 is told, and not its TaskCancelled",
    ),
    "a running one's way back": (
        [*running(), asked("rollback", "p.0"), *GOES_ON],
        "I5",
        "TaskStageStarted of p.0 after it was asked to go back",
    ),
    "its plan's way back": (
        [*running(), *PLAN_BACK, *GOES_ON],
        "I5",
        "TaskStageStarted of p.0 after it was asked to go back",
    ),
    "its plan's pause, of which nobody runs": (
        [*opening(), asked("pause", PLAN), asked("resume", PLAN), *move(0)],
        "I5",
        "OperationRequested of p, which was asked to pause, while nobody of it runs",
    ),
    "its plan's pause, once the last has stopped": (
        [*PLAN_STOPS, asked("resume", PLAN), task(0, "TaskResumed")],
        "I5",
        "OperationRequested of p, which was asked to pause, while nobody of it runs",
    ),
    "its plan's pause, at the end of the log": (
        [*opening(), asked("pause", PLAN)],
        "I5",
        "p was asked to pause, nobody of it runs, and it is RUNNING",
    ),
}


@pytest.mark.parametrize("name", sorted(NEVER))
def test_what_never_comes_is_named(name: str) -> None:
    lines, invariant, said = NEVER[name]
    assert broken(lines) == [(invariant, said)]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([*opening(), asked("pause", "p.0"), *move(1), PAUSES], "TaskPaused"),
        ([*opening(), asked("cancel", "p.0"), *move(1), CANCELLED], "TaskCancelled"),
        ([*opening(), asked("exclude", "p.0"), *move(1), CANCELLED], "TaskCancelled"),
        ([*running(), asked("exclude", "p.0"), ENDS, CANCELLED], "TaskCancelled"),
        (
            [*STOPPED, asked("rollback", "p.0"), asked("cancel", "p.0", withdraws="rollback"), *move(1), CANCELLED],
            "TaskCancelled",
        ),
        ([*running(), asked("rollback", "p.0"), ENDS, PAUSES], "TaskPaused"),
        ([*running(), asked("pause", "p.0"), asked("rollback", "p.0"), ENDS, PAUSES], "TaskPaused"),
        ([*running(), asked("pause", "p.0"), asked("cancel", "p.0"), ENDS, PAUSES], "TaskPaused"),
        ([*running(), asked("pause", "p.0"), *PLAN_BACK, ENDS, PAUSES], "TaskPaused"),
        ([*running(), asked("cancel", "p.0"), asked("rollback", "p.0"), ENDS, CANCELLED], "TaskCancelled"),
    ],
)
def test_what_comes_later_than_it_was_asked_for_or_instead_of_it_is_named(lines: list[Line], kind: str) -> None:
    assert any(said.startswith(f"{kind} of p.0") and said.endswith("nobody asked") for _, said in broken(lines))


@pytest.mark.parametrize("history", [right(), PAUSED, PAUSED_PLAN, RETRIED, ROLLED_BACK])
def test_a_right_history_owes_nothing_wherever_it_is_cut(history: list[Line]) -> None:
    events = tell(history)
    for cut in range(1, len(events)):
        report = check_log(events[cut:], {PLAN: STAGES}, is_cut=True)
        assert not [one for one in report.violations if one.invariant in ("I4", "I5")], report


def test_of_a_damaged_plan_nothing_is_owed() -> None:
    for lines, _, _ in NEVER.values():
        said = [str(one) for one in check_history(tell(lines), ledger(lines), damaged=[PLAN]).violations]
        assert not [one for one in said if "follows the" in one or "is told, and not" in one or "asked to pause" in one]


@pytest.mark.parametrize(
    "lines",
    [
        [*opening(), asked("pause", "p.0"), PAUSES],
        [*STOPPED, asked("cancel", "p.0"), CANCELLED],
        [*STAGE_FAILED, task(0, "TaskFailed")],
        [*FAILED, asked("accept", "p.0"), task(0, "TaskFailureAccepted", actor="me", reason="")],
        PAUSED_PLAN[:12],
    ],
)
@pytest.mark.parametrize("is_between", [True, False], ids=["another between", "in a form of its own"])
def test_what_a_newer_release_tells_there_is_no_fault(lines: list[Line], is_between: bool) -> None:
    events = tell([*lines, lines[-1]] if is_between else lines)
    at = -2 if is_between else -1
    kept = events[at].model_dump(include={"plan_id", "sequence_id", "plan_sequence_id", "occurred_at", "task_id"})
    events[at] = OtherEvent.model_validate({**kept, "type": "TaskSurprised" if is_between else events[at].type})
    report = check_log(events, {PLAN: STAGES})
    assert report.holds, str(report)
