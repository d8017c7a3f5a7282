"""The one transition table: every state with every trigger, and the rules that the mission names."""

from __future__ import annotations

import pytest

from orchestrator.domain.events import EVENT
from orchestrator.domain.status import (
    PLAN_ENDED,
    PLAN_OPEN,
    TASK_ACTIVE,
    TASK_ENDED,
    TASK_OPEN,
    PlanState,
    TaskState,
)
from orchestrator.domain.transitions import (
    PLAN_MOVES,
    PLAN_TRANSITIONS,
    TASK_MOVES,
    TASK_TRANSITIONS,
    Guard,
    Transition,
    Trigger,
    table,
)

T, P = TaskState, PlanState

# Written out by hand from the design (section 4), so that an edit of the table must be meant.
TASK_EXPECTED = {
    T.PENDING: {"admit": T.RUNNING, "pause": T.PAUSED, "cancel": T.CANCELLED},
    T.RUNNING: {
        "complete": T.COMPLETED,
        "fail": T.FAILED,
        "pause": T.PAUSED,
        "cancel": T.CANCELLED,
        "roll_back": T.ROLLING_BACK,
    },
    T.PAUSED: {"resume": T.PENDING, "cancel": T.CANCELLED, "roll_back": T.ROLLING_BACK},
    T.COMPLETED: {"roll_back": T.ROLLING_BACK, "soak_fail": T.FAILED},
    T.FAILED: {"retry": T.PENDING, "skip_stage": T.PENDING, "roll_back": T.ROLLING_BACK},
    T.CANCELLED: {"retry": T.PENDING, "roll_back": T.ROLLING_BACK},
    T.ROLLING_BACK: {"rollback_done": T.ROLLED_BACK, "rollback_fail": T.ROLLBACK_FAILED},
    T.ROLLED_BACK: {"retry": T.PENDING},
    T.ROLLBACK_FAILED: {"roll_back": T.ROLLING_BACK},
}
_ENDED_PLAN = {"roll_back": P.ROLLING_BACK, "reopen": P.RUNNING}
PLAN_EXPECTED = {
    P.CREATED: {"commit": P.READY},
    P.READY: {"start": P.RUNNING, "pause": P.PAUSED, "cancel": P.CANCELLED, "roll_back": P.ROLLING_BACK},
    P.RUNNING: {
        "pause": P.PAUSED,
        "cancel": P.CANCELLED,
        "complete": P.COMPLETED,
        "fail": P.FAILED,
        "rollback_done": P.ROLLED_BACK,
        "roll_back": P.ROLLING_BACK,
    },
    P.PAUSED: {
        "resume": P.RUNNING,
        "cancel": P.CANCELLED,
        "complete": P.COMPLETED,
        "fail": P.FAILED,
        "rollback_done": P.ROLLED_BACK,
        "roll_back": P.ROLLING_BACK,
    },
    P.COMPLETED: _ENDED_PLAN,
    P.FAILED: _ENDED_PLAN | {"accept": P.COMPLETED},
    P.CANCELLED: _ENDED_PLAN,
    P.ROLLED_BACK: _ENDED_PLAN,
    P.ROLLBACK_FAILED: _ENDED_PLAN,
    P.ROLLING_BACK: {"rollback_done": P.ROLLED_BACK, "rollback_fail": P.ROLLBACK_FAILED},
}


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("trigger", Trigger)
def test_every_task_state_with_every_trigger(state: TaskState, trigger: Trigger) -> None:
    assert TASK_MOVES.get((state, trigger)) == TASK_EXPECTED[state].get(trigger.value)


@pytest.mark.parametrize("state", PlanState)
@pytest.mark.parametrize("trigger", Trigger)
def test_every_plan_state_with_every_trigger(state: PlanState, trigger: Trigger) -> None:
    assert PLAN_MOVES.get((state, trigger)) == PLAN_EXPECTED[state].get(trigger.value)


def test_guards_of_the_mission() -> None:
    guards = {(row.source, row.trigger): row.guard for row in TASK_TRANSITIONS}
    assert guards[T.RUNNING, Trigger.PAUSE] is Guard.PAUSE_REQUESTED
    assert guards[T.RUNNING, Trigger.COMPLETE] is Guard.ALL_STAGES_DONE
    assert guards[T.FAILED, Trigger.RETRY] is Guard.RETRIES_LEFT
    assert (T.PAUSED, Trigger.COMPLETE) not in guards


def test_no_state_without_an_exit() -> None:
    assert {source for source, _ in TASK_MOVES} == set(TaskState)
    assert {source for source, _ in PLAN_MOVES} == set(PlanState)


def test_named_sets_part_the_states() -> None:
    assert set(TaskState) == TASK_OPEN | TASK_ENDED
    assert TASK_ACTIVE < TASK_OPEN
    assert PLAN_OPEN | PLAN_ENDED | {P.CREATED} == set(PlanState)


def test_every_event_of_the_table_has_a_model() -> None:
    schema = EVENT.json_schema()
    known = set(schema["discriminator"]["mapping"])
    named = {event for task_row in TASK_TRANSITIONS for event in task_row.events}
    named |= {event for plan_row in PLAN_TRANSITIONS for event in plan_row.events}
    assert named <= known


def test_a_pair_twice_is_refused() -> None:
    row = Transition(T.PENDING, Trigger.ADMIT, T.RUNNING, Guard.NONE, ())
    with pytest.raises(ValueError, match="two rows"):
        table([row, row])
