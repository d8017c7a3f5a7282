"""The state page shows the transition tables as they are."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from orchestrator.domain.diagrams import diagram, drawn, redrawn
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.transitions import Guard, Transition, Trigger
from orchestrator.domain.waves import WaveState
from tests.support.agreed_lists import must_agree

PAGE = (Path(__file__).parents[4] / "docs" / "states.md").read_text()


def test_the_page_is_drawn_from_the_tables() -> None:
    assert all(f"<!-- drawn: {name} -->" in PAGE for name in drawn())
    assert redrawn(PAGE) == PAGE, "run `make docs`"


@pytest.mark.parametrize(("section", "states"), [("Task", TaskState), ("Plan", PlanState), ("Wave", WaveState)])
def test_each_state_has_its_sentence(section: str, states: type[StrEnum]) -> None:
    text = PAGE.partition(f"\n## {section}: ")[2].partition("\n## ")[0]
    must_agree(
        [state.value for state in states],
        re.findall(r"\*\*([A-Z_]+)\*\*", text),
        lacking=f"docs/states.md says nothing of {{0}}: a line `- **{{0}}** ...` below the diagram of '{section}'",
        left_over=f"docs/states.md tells of **{{}}** under '{section}', and it is none of {states.__name__}",
    )


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
