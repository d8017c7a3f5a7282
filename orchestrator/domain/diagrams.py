"""Draws the transition tables for docs/states.md: ``python -m orchestrator.domain.diagrams`` writes them anew.

A part stands between ``<!-- drawn: NAME -->`` and ``<!-- end -->``; a test keeps the page and the tables together.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.transitions import PLAN_TRANSITIONS, TASK_TRANSITIONS, State, Transition
from orchestrator.domain.waves import WAVE_MOVES, WaveMove, WaveState

PAGE: Final = Path("docs/states.md")
_PART: Final = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def diagram(rows: Iterable[Transition[TaskState] | Transition[PlanState] | WaveMove], first: StrEnum) -> str:
    """The rows as a mermaid state diagram; triggers that lead from one state to the same other share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        arrows.setdefault((row.source.value, row.target.value), []).append(row.trigger.value)
    lines: list[str] = [
        f"    {source} --> {target}: {', '.join(triggers)}" for (source, target), triggers in arrows.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}", *lines, "```", ""])


def transition_table(rows: Iterable[Transition[State]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| from | trigger | to | only if | events |", "|---|---|---|---|---|"]
    for row in rows:
        guard = "" if row.guard.value == "none" else row.guard.value.replace("_", " ")
        lines.append(f"| {row.source} | {row.trigger} | {row.target} | {guard} | {', '.join(row.events)} |")
    return "\n".join(lines) + "\n"


def wave_table() -> str:
    """The same of a wave, whose rows have no guards."""
    lines = ["| from | trigger | to | events |", "|---|---|---|---|"]
    lines += [f"| {row.source} | {row.trigger} | {row.target} | {', '.join(row.events)} |" for row in WAVE_MOVES]
    return "\n".join(lines) + "\n"


def drawn() -> dict[str, str]:
    """Every part by its name."""
    return {
        "task_diagram": diagram(TASK_TRANSITIONS, TaskState.PENDING),
        "task_table": transition_table(TASK_TRANSITIONS),
        "plan_diagram": diagram(PLAN_TRANSITIONS, PlanState.CREATED),
        "plan_table": transition_table(PLAN_TRANSITIONS),
        "wave_diagram": diagram(WAVE_MOVES, WaveState.PENDING),
        "wave_table": wave_table(),
    }


def redrawn(page: str) -> str:
    """The page with its drawn parts as the tables say now."""
    parts = drawn()
    return _PART.sub(lambda match: match[1] + parts[match[2]] + match[3], page)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    path.write_text(redrawn(path.read_text()))
