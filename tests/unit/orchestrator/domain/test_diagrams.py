"""The state page shows the transition tables as they are."""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.diagrams import diagram, drawn, redrawn
from orchestrator.domain.status import TaskState
from orchestrator.domain.transitions import Guard, Transition, Trigger

PAGE = (Path(__file__).parents[4] / "docs" / "states.md").read_text()


def test_the_page_is_drawn_from_the_tables() -> None:
    assert all(f"<!-- drawn: {name} -->" in PAGE for name in drawn())
    assert redrawn(PAGE) == PAGE, "run `make docs`"


def test_a_row_less_is_seen() -> None:
    page = redrawn(PAGE)
    row = drawn()["task_table"].splitlines(keepends=True)[-1]
    assert redrawn(page.replace(row, "", 1)) == page


def test_triggers_between_the_same_states_share_an_arrow() -> None:
    rows = [
        Transition(TaskState.PENDING, Trigger.PAUSE, TaskState.PAUSED, Guard.NONE, ()),
        Transition(TaskState.PENDING, Trigger.CANCEL, TaskState.PAUSED, Guard.NONE, ()),
    ]
    assert "    PENDING --> PAUSED: pause, cancel\n" in diagram(rows, TaskState.PENDING)
