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
    PLAN_TRANSITIONS,
    TASK_TRANSITIONS,
    Guard,
    Transition,
    Trigger,
    table,
)
from orchestrator.domain.waves import WAVE_DONE, WAVE_MOVES, WaveState, WaveTrigger
from orchestrator.ledger.script_source import Tables
from tests.support.whole_table import WHOLE, Row, by_row, named

T = TaskState

KNOWN = by_row(Tables(TASK_TRANSITIONS, PLAN_TRANSITIONS, WAVE_MOVES))
EXPECTED = by_row(WHOLE)
PAIRS = [
    (kind, state.value, trigger.value)
    for kind, states, triggers in (
        ("task", TaskState, Trigger),
        ("plan", PlanState, Trigger),
        ("wave", WaveState, WaveTrigger),
    )
    for state in (*states,)
    for trigger in (*triggers,)
]


@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_every_state_with_every_trigger(pair: Row) -> None:
    known, expected = KNOWN.get(pair), EXPECTED.get(pair)
    assert known is not None or expected is None, f"the table lacks a row: {named(pair)}"
    assert expected is not None or known is None, f"nobody has meant this row (tests/support/whole_table.py): {known}"
    if known is not None and expected is not None:
        # What a wave does has no guard.
        said, meant = ((str(row.target), str(getattr(row, "guard", ""))) for row in (known, expected))
        assert said == meant, "tests/support/whole_table.py means another row"


def test_guards_of_the_mission() -> None:
    guards = {(row.source, row.trigger): row.guard for row in WHOLE.tasks}
    assert guards[T.RUNNING, Trigger.PAUSE] is Guard.PAUSE_REQUESTED
    assert guards[T.RUNNING, Trigger.COMPLETE] is Guard.ALL_STAGES_DONE
    assert guards[T.FAILED, Trigger.RETRY] is Guard.RETRIES_LEFT
    assert (T.PAUSED, Trigger.COMPLETE) not in guards


def test_no_state_without_an_exit() -> None:
    dead_ends = [
        f"{states.__name__} {state}: no row of tests/support/whole_table.py and domain/transitions.py leads out of it"
        for states, rows in ((TaskState, WHOLE.tasks), (PlanState, WHOLE.plans))
        for state in sorted({*states} - {row.source for row in rows})
    ]
    assert not dead_ends, "\n".join(dead_ends)


def test_whatever_a_wave_waits_for_can_be_stopped() -> None:
    """The scripts ask for ``stop`` of these alone: of any other state it is no row that is missing."""
    assert {row.source for row in WHOLE.waves if row.trigger is WaveTrigger.STOP} == WAVE_DONE


def test_named_sets_part_the_states() -> None:
    assert set(TaskState) == TASK_OPEN | TASK_ENDED
    assert TASK_ACTIVE < TASK_OPEN
    assert PLAN_OPEN | PLAN_ENDED | {PlanState.CREATED} == set(PlanState)


def test_every_event_of_the_table_has_a_model() -> None:
    schema = EVENT.json_schema()
    known = set(schema["discriminator"]["mapping"])
    named = {event for task_row in TASK_TRANSITIONS for event in task_row.events}
    named |= {event for plan_row in PLAN_TRANSITIONS for event in plan_row.events}
    named |= {event for wave_row in WAVE_MOVES for event in wave_row.events}
    lacking = sorted(named - known)
    assert not lacking, f"in a row of domain/, and no model of orchestrator/domain/events/: {lacking}"


def test_a_pair_twice_is_refused() -> None:
    row = Transition(T.PENDING, Trigger.ADMIT, T.RUNNING, Guard.NONE, ())
    with pytest.raises(ValueError, match="two rows"):
        table([row, row])
