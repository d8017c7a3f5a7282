"""The map of a plan: one character a task, which says where it stands; and the strips that its waves are shown as.

It is read once, by a script that looks at states alone, and then kept up by the plan's events: one costs the same
whatever the size of the plan.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.console.page.words import slug, state_in_words
from orchestrator.control.live_plan import FAILED
from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.domain import events as e
from orchestrator.domain.fold import TASK_STATE_AFTER, queued_again
from orchestrator.domain.status import DAMAGED, TaskState
from orchestrator.domain.task_id import position_of

CODES: Final[Mapping[TaskState, str]] = {
    TaskState.PENDING: "p",
    TaskState.RUNNING: "r",
    TaskState.PAUSED: "h",
    TaskState.COMPLETED: "c",
    TaskState.FAILED: "f",
    TaskState.CANCELLED: "x",
    TaskState.ROLLING_BACK: "b",
    TaskState.ROLLED_BACK: "k",
    TaskState.ROLLBACK_FAILED: "u",
}
"""What the page's script draws each state by (``static/map.js``)."""

UNKNOWN: Final = "?"
"""Of a task whose record is gone or damaged."""

MAP_STATES: Final = json.dumps(
    {
        code: {"name": slug(state), "words": state_in_words(state), "bad": state in FAILED}
        for state, code in ({str(state): code for state, code in CODES.items()} | {DAMAGED: UNKNOWN}).items()
    }
)
"""What the page's script knows of the states: by letter, how the style sheet calls it, its words, whether it failed."""

QUIET_LOOKS: Final = 3
"""So many looks without an event in which map and counters disagree, and the map is read anew."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A wave's tasks, by their positions in the plan; the one of a plan without waves has no name."""

    name: str
    positions: Sequence[int]

    @property
    def ranges(self) -> str:
        """``0-1 5 9-20``: the positions as the page's script reads them."""
        return ranges_of(self.positions)


class Cells:
    """Where each task of one plan stands; ``take`` every event, and ``settle`` after each look."""

    def __init__(self, live: WatchedPlan) -> None:
        self._live = live
        self._codes: list[str] = []
        self._counts: Counter[str] = Counter()
        self._quiet = 0
        self._is_stale = False
        self._moved: dict[int, str] = {}
        self._read()
        self._moved.clear()
        self.strips = strips_of(live)

    @property
    def text(self) -> str:
        """All of them, in plan order."""
        return "".join(self._codes)

    def of(self, strip: Strip) -> str:
        """Those of a strip."""
        return "".join(self._codes[position] for position in strip.positions if position < len(self._codes))

    def read_anew(self) -> None:
        """The next ``settle`` reads the map: its plan's log has gone back."""
        self._is_stale = True

    def take(self, event: e.Event) -> None:
        """One event of the plan."""
        self._quiet = 0
        if isinstance(event, e.OperationRequested):
            self._asked(event)
        elif isinstance(event, e.TaskEvent) and (state := TASK_STATE_AFTER.get(event.type)) is not None:
            self._set(position_of(event.task_id), CODES[state])

    def settle(self) -> dict[int, str]:
        """What has changed since the last call: the new code by position. Reads the map anew where events alone do not
        tell it: after the resume of a plan, and when it does not agree with the plan's own counters."""
        self._quiet += 1
        if self._is_stale or (self._quiet >= QUIET_LOOKS and not self._agrees()):
            self._read()
            self._is_stale, self._quiet = False, 0
        moved, self._moved = self._moved, {}
        return moved

    def _asked(self, event: e.OperationRequested) -> None:
        if event.target_type == "plan":
            # It lets go on what its pause has stopped, and does not name each.
            self._is_stale = self._is_stale or event.operation == "resume"
            return
        position = position_of(event.target_id)
        runs = position < len(self._codes) and self._codes[position] in (CODES[TaskState.RUNNING], UNKNOWN)
        if queued_again(event.operation, runs=runs) is not None:
            self._set(position, CODES[TaskState.PENDING])

    def _set(self, position: int, code: str) -> None:
        if position >= len(self._codes) or self._codes[position] == code:
            return
        self._counts[self._codes[position]] -= 1
        self._counts[code] += 1
        self._codes[position] = code
        self._moved[position] = code

    def _agrees(self) -> bool:
        told = self._live.summary.counts
        return all(self._counts[code] == told.get(state, 0) for state, code in CODES.items())

    def _read(self) -> None:
        codes = [UNKNOWN] * self._live.total
        for step in self._live.positions(list(TaskState)):
            for state, found in step.items():
                for position in found:
                    codes[position] = CODES[TaskState(state)]
        self._moved |= {place: code for place, code in enumerate(codes) if self._codes[place : place + 1] != [code]}
        self._codes, self._counts = codes, Counter(codes)


def strips_of(live: WatchedPlan) -> list[Strip]:
    """The plan's waves in order, each with its tasks; one strip without a name of a plan that has none."""
    if not live.summary.waves:
        return [Strip("", range(live.total))]
    return [
        Strip(
            wave.name,
            sorted(
                place for step in live.positions(list(TaskState), index) for part in step.values() for place in part
            ),
        )
        for index, wave in enumerate(live.summary.waves)
    ]


def ranges_of(positions: Iterable[int]) -> str:
    """Rising positions, runs of them drawn together: ``0-1 5 9-20``."""
    places = list(positions)
    starts = places[:1] + [after for before, after in pairwise(places) if after != before + 1]
    ends = [before for before, after in pairwise(places) if after != before + 1] + places[-1:]
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def grouped(moved: Mapping[int, str]) -> dict[str, list[int]]:
    """Positions by their code: how a change is sent."""
    found: dict[str, list[int]] = {}
    for position, code in sorted(moved.items()):
        found.setdefault(code, []).append(position)
    return found
