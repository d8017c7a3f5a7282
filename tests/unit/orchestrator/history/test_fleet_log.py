"""The rules of waves and breakers against doctored logs: each breaks one, and is rejected for that one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.fold import fold
from orchestrator.history import check_log
from tests.unit.orchestrator.history.told import (
    FAILURE,
    PLAN,
    WRITTEN_AT,
    Line,
    asked,
    by_policy,
    move,
    of_plan,
    task,
    tell,
)

CANARY = {"name": "canary", "tenants": 1, "failureTolerance": {"count": 0}}


def opening(*, canary: dict[str, Any] | None = None, **head: Any) -> list[Line]:
    """Tenant 0 is the canary, the two others are the rest."""
    waves = [{**CANARY, **(canary or {})}, {"name": "rest", "tenants": 2}]
    return [
        of_plan("PlanCreated", maxConcurrency=2, waves=waves, **head),
        task(0, "TaskCreated", wave=0),
        task(1, "TaskCreated", wave=1),
        task(2, "TaskCreated", wave=1),
        of_plan("PlanReady"),
        of_plan("PlanStarted"),
        begun("canary", 1),
    ]


def begun(wave: str, tenants: int) -> Line:
    return of_plan("PlanWaveStarted", wave=wave, tenants=tenants)


def done(wave: str, failed: int = 0) -> Line:
    return of_plan("PlanWaveCompleted", wave=wave, failed=failed)


def failure(position: int, admission: str = "TaskStarted") -> list[Line]:
    return [
        task(position, admission),
        task(position, "TaskStageStarted", "a"),
        task(position, "TaskStageFailed", "a"),
        task(position, "TaskFailed"),
        of_plan("PlanProgress"),
    ]


def tripped(failed: int, tolerance: int, **more: Any) -> Line:
    return of_plan("PlanBreakerTripped", **{"failed": failed, "tolerance": tolerance, "action": "pause", **more})


def soaking(seconds: float) -> Line:
    return of_plan("PlanWaveSoaking", wave="canary", until=WRITTEN_AT + timedelta(seconds=seconds))


def sends_back(task_id: str, **more: Any) -> Line:
    """As a wave's breaker does."""
    kind, fields = asked("rollback", task_id, ofPlan=True, force=False, **more)
    return kind, {**fields, "actor": "policy"}


def goes_back(position: int, *stages: str) -> list[Line]:
    """Over these; over the first alone, if none is named."""
    names = stages or ("a",)
    parts = [[task(position, f"TaskStageRoll{end}", name) for end in ("ingBack", "edBack")] for name in names]
    return [
        task(position, "TaskRollingBack", stagesToRollback=names),
        *(line for part in parts for line in part),
        task(position, "TaskRolledBack"),
        of_plan("PlanProgress"),
    ]


def later(seconds: float, *lines: Line) -> list[Line]:
    """These were written so long after the others."""
    return [(kind, {**fields, "occurredAt": WRITTEN_AT + timedelta(seconds=seconds)}) for kind, fields in lines]


def told(*parts: Line | list[Line]) -> list[Line]:
    return [line for part in parts for line in (part if isinstance(part, list) else [part])]


REST = told(begun("rest", 2), move(1), move(2), done("rest"))
RIGHT = told(opening(), move(0), done("canary"), REST)
GATED = opening(canary={"gate": "manual"})
ASKED = of_plan("PlanGateWaiting", wave="canary")
YES = of_plan("PlanGateApproved", wave="canary", actor="me", reason="")
NO = of_plan("PlanGateRejected", wave="canary", actor="me", reason="")
PAUSED = of_plan("PlanPaused")
ON = [asked("resume", PLAN), of_plan("PlanResumed")]
TRIPPED = told(opening(), failure(0), tripped(1, 0, wave="canary"), by_policy("pause"), PAUSED)
ACCEPTED = [asked("resume", PLAN, acceptFailures=True), of_plan("PlanResumed")]
RETRIED = asked("retry", "p.0", fromCheckpoint=True)
BEARS_ONE = opening(canary={"failureTolerance": {"count": 1}})
PLAN_BEARS_ONE = opening(canary={"failureTolerance": None}, failureTolerance={"count": 1, "mode": "soft"})
PLAN_BEARS_NONE = opening(canary={"failureTolerance": {"count": 1}}, failureTolerance={"count": 0, "mode": "soft"})
CANCELLED = told(opening(), failure(0)[:2], asked("cancel", PLAN), failure(0)[2:], task(1, "TaskCancelled"))
STRICT = opening(failureTolerance={"count": 0, "mode": "strict"})
SOAKS = opening(canary={"soakSeconds": 60, "failureTolerance": None})
SENT_BACK = told(
    opening(onBreach="rollback_wave"),
    failure(0),
    tripped(1, 0, wave="canary", action="rollback_wave"),
    by_policy("pause"),
    PAUSED,
    sends_back("p.0"),
    goes_back(0),
)
MOVED_AGAIN = told(BEARS_ONE, failure(0), done("canary", 1), begun("rest", 2))
AGAIN = told(asked("retry", "p.0", fromCheckpoint=False), move(0, "TaskRetryStarted"))
# Nobody of the canary is left to be judged by; then one of it moves after all.
PASSED_BY = told(GATED, asked("cancel", "p.0"), task(0, "TaskCancelled"), done("canary"), begun("rest", 2), AGAIN)

# Cancelled as a whole before it begins; those behind the canary are moved again, and done, then the canary itself.
GIVEN_UP = told(GATED, asked("cancel", PLAN), [task(i, "TaskCancelled") for i in range(3)], of_plan("PlanCancelled"))
REOPENED = of_plan("PlanReopened")
BEHIND_FIRST = told(
    GIVEN_UP,
    told(asked("retry", "p.1", fromCheckpoint=False), REOPENED, done("canary"), begun("rest", 2)),
    told(asked("retry", "p.2", fromCheckpoint=False), move(1, "TaskRetryStarted"), move(2, "TaskRetryStarted")),
    told(done("rest"), of_plan("PlanCancelled"), asked("retry", "p.0", fromCheckpoint=False), REOPENED),
    move(0, "TaskRetryStarted"),
)
ALONE = told(GIVEN_UP, asked("retry", "p.0", fromCheckpoint=False), REOPENED, move(0, "TaskRetryStarted"))
EXCLUDED = told(
    opening(canary={"gate": "manual"}),
    told(asked("cancel", "p.0"), task(0, "TaskCancelled"), done("canary"), begun("rest", 2), move(1), move(2)),
    told(done("rest"), of_plan("PlanCancelled"), asked("retry", "p.0", fromCheckpoint=False), REOPENED),
    move(0, "TaskRetryStarted"),
)
# The canary is two tenants. The second of them fails, or completes, when its plan goes back already.
TWO = {"name": "canary", "tenants": 2, "failureTolerance": {"count": 0}}


def back_as_a_whole(fails: bool) -> list[Line]:
    """Both are back; the one that tripped it, and the rest, are to move again."""
    head = opening(onBreach="rollback_plan")
    head[0][1]["waves"] = [TWO, {"name": "rest", "tenants": 1}]
    head[2] = task(1, "TaskCreated", wave=0)
    head[6] = begun("canary", 2)
    runs = [task(1, "TaskStarted"), task(1, "TaskStageStarted", "a")]
    late = [task(1, "TaskStageFailed", "a"), task(1, "TaskFailed")] if fails else [task(1, "TaskStageSucceeded", "a")]
    kind, fields = asked("rollback", PLAN, force=False, waitsForAnswer=True)
    return told(
        told(head, task(0, "TaskStarted"), runs if fails else move(1), failure(0)[1:]),
        told(tripped(1, 0, wave="canary", action="rollback_plan"), (kind, {**fields, "actor": "policy"})),
        told(of_plan("PlanRollingBack"), task(2, "TaskCancelled"), sends_back("p.1")),
        told(
            late if fails else [],
            sends_back("p.0", countsOn=True),
            goes_back(0),
            goes_back(1, *("a" if fails else "ba")),
            of_plan("PlanRolledBack"),
        ),
        told(asked("retry", "p.0", fromCheckpoint=False), REOPENED, asked("retry", "p.2", fromCheckpoint=False)),
    )


MOVES_ON = told(move(0, "TaskRetryStarted"), done("canary", 1), begun("rest", 1), move(2, "TaskRetryStarted"))
OF_MANY = {"ofPlan": True, "fromCheckpoint": True}
IN_THE_MIDDLE = told(MOVED_AGAIN, failure(1), move(2), asked("retry", "p.0", "r1", **OF_MANY), done("rest", 1))
SOAKS_WHILE = told(
    opening(canary={"failureTolerance": {"count": 1}}),
    told(failure(0), done("canary", 1), begun("rest", 2), move(1), move(2)),
    told(of_plan("PlanWaveSoaking", wave="rest", until=WRITTEN_AT + timedelta(seconds=60)), RETRIED),
    [task(0, "TaskRetryStarted"), task(0, "TaskStageStarted", "a"), task(1, "TaskSoakFailed", failureInfo=FAILURE)],
)
SOAKS_WHILE[0][1]["waves"][1]["soakSeconds"] = 60


def broken(lines: list[Line]) -> set[str]:
    return {violation.invariant for violation in check_log(tell(lines), {PLAN: ("a", "b")}).violations}


@pytest.mark.parametrize(
    "lines",
    [
        RIGHT,
        told(GATED, move(0), ASKED, YES, done("canary"), REST),
        told(GATED, move(0), ASKED, NO, asked("pause", PLAN), PAUSED, ON, ASKED, YES, done("canary"), REST),
        told(TRIPPED, ACCEPTED, done("canary", 1), REST),
        told(SOAKS, move(0), soaking(60), later(60, done("canary"), *REST)),
        told(SENT_BACK, ACCEPTED, done("canary"), REST),
        told(TRIPPED, RETRIED, ON, move(0, "TaskRetryStarted"), done("canary"), REST),
        CANCELLED,
        told(MOVED_AGAIN, move(1), RETRIED, move(0, "TaskRetryStarted"), move(2), done("rest")),
        told(PASSED_BY, ASKED, YES, done("canary"), REST[1:]),
        told(BEHIND_FIRST, ASKED, YES, done("canary"), of_plan("PlanCompleted")),
        told(ALONE, of_plan("PlanCancelled")),
        told(back_as_a_whole(fails=True), ACCEPTED[0], MOVES_ON),
    ],
    ids=[
        "waves",
        "gate",
        "no-then-yes",
        "accepted",
        "soaked",
        "sent-back",
        "retried",
        "nothing-to-stop",
        "moved-again",
        "passed-by",
        "behind-first",
        "given-up",
        "back-as-a-whole",
    ],
)
def test_a_right_history_holds(lines: list[Line]) -> None:
    assert broken(lines) == set(), str(check_log(tell(lines)))


@pytest.mark.parametrize(
    ("lines", "invariant"),
    [
        (told(opening(), move(1)), "I13"),
        (told(opening(), task(0, "TaskStarted"), task(1, "TaskStarted")), "I13"),
        (told(opening(), move(0), begun("rest", 2), move(1)), "I13"),
        (told(opening(), move(0), done("canary"), move(1)), "I13"),
        (told(opening(), move(0), ASKED), "I13"),
        (told(RIGHT[:-1], of_plan("PlanCompleted")), "I13"),
        (told(opening(), task(0, "TaskStarted"), done("canary")), "I13"),
        (told(opening(), move(0), done("rest")), "I13"),
        (told(opening(), move(0), done("canary", 1)), "I13"),
        (told(opening(), begun("rest", 2)), "I13"),
        (told(GATED, move(0), done("canary")), "I13"),
        (told(GATED, move(0), YES), "I13"),
        (told(GATED, task(0, "TaskStarted"), ASKED), "I13"),
        (told(GATED, move(0), ASKED, done("canary")), "I13"),
        (told(MOVED_AGAIN, RETRIED, move(1)), "I13"),
        (told(PASSED_BY, move(1)), "I13"),
        (told(PASSED_BY, done("canary")), "I13"),
        (told(BEHIND_FIRST, of_plan("PlanCompleted")), "I13"),
        (told(EXCLUDED, of_plan("PlanCompleted")), "I13"),
        (told(back_as_a_whole(fails=True), move(0, "TaskRetryStarted")), "I14"),
        (told(back_as_a_whole(fails=False), move(0, "TaskRetryStarted"), done("canary")), "I13"),
        (told(IN_THE_MIDDLE, asked("retry", "p.1", "r1", **OF_MANY)), "I13"),
        (SOAKS_WHILE, "I14"),
        (told(TRIPPED, ON, done("canary", 1)), "I13"),
        (told(opening(), failure(0), asked("cancel", PLAN)), "I14"),
        # What its breaker took back is not gone on without unasked: neither resumed nor passed.
        (told(SENT_BACK, ON), "I14"),
        (told(SENT_BACK, done("canary")), "I13"),
        # What follows the breaker is what the plan declares, asked for by its policy, at once.
        (told(opening(), failure(0), tripped(1, 0, wave="canary"), asked("pause", PLAN), PAUSED), "I14"),
        (told(opening(), failure(0), tripped(1, 0, wave="canary"), by_policy("cancel")), "I14"),
        (told(opening(), failure(0), tripped(1, 0, wave="canary", action="cancel"), by_policy("pause"), PAUSED), "I14"),
        (told(opening(), failure(0), tripped(1, 0, wave="canary", action="rollback_plan"), RETRIED), "I14"),
        (told(SOAKS, move(0), done("canary")), "I13"),
        (told(SOAKS, move(0), soaking(60), done("canary")), "I13"),
        (told(SOAKS, move(0), soaking(30)), "I13"),
        (told(SOAKS, task(0, "TaskStarted"), soaking(60)), "I13"),
        (told(opening(), move(0), soaking(60)), "I13"),
        (told(SOAKS, move(0), soaking(60), ASKED), "I13"),
        (told(SOAKS, move(0), task(0, "TaskSoakFailed", failureInfo=FAILURE)), "I13"),
        (told(opening(), failure(0), tripped(1, 1, wave="canary")), "I14"),
        (told(opening(), failure(0), tripped(2, 0, wave="canary")), "I14"),
        (
            told(PLAN_BEARS_ONE, failure(0), done("canary", 1), begun("rest", 2), failure(1), tripped(2, 1))
            + told(task(2, "TaskStarted")),
            "I14",
        ),
        (told(PLAN_BEARS_NONE, failure(0), tripped(1, 0), by_policy("pause"), PAUSED, ON, done("canary", 1)), "I13"),
        (told(STRICT, move(0), done("canary"), begun("rest", 2), [task(i, "TaskStarted") for i in (1, 2)]), "I14"),
    ],
)
def test_a_doctored_history_is_rejected(lines: list[Line], invariant: str) -> None:
    found = broken(lines)
    # Who is admitted too early also goes before those that stand before it.
    assert invariant in found, found
    assert found <= {invariant, "I3"}, str(check_log(tell(lines)))


def test_a_way_back_that_is_withdrawn_is_the_policy_s_no_more() -> None:
    back = told(opening(), failure(0), asked("rollback", "p.0", autoRollback=True))
    assert fold(tell(back)).tasks["p.0"].by_policy
    assert not fold(tell([*back, asked("cancel", "p.0", withdraws="rollback")])).tasks["p.0"].by_policy


def test_a_wave_has_a_cap_of_its_own() -> None:
    lines = opening()
    lines[0][1]["waves"][1]["maxConcurrency"] = 1
    lines += [*move(0), done("canary"), begun("rest", 2), task(1, "TaskStarted"), task(2, "TaskStarted")]
    assert broken(lines) == {"I2"}


def test_a_plan_whose_beginning_is_cut_off_is_not_judged() -> None:
    assert check_log(tell(told(opening(), move(1)))[7:], is_cut=True).holds
