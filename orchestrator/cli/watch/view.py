"""What of a plan is on the screen, and what each key changes about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from orchestrator.control.live_plan import FAILED
from orchestrator.control.task_rows import TaskFilter
from orchestrator.domain.status import TaskState

ViewFilter = Literal["running", "failed", "waiting", "all"]

KINDS: Final[dict[str, ViewFilter]] = {"r": "running", "f": "failed", "w": "waiting", "a": "all"}
"""The key of each list."""

WAITING: Final = frozenset({TaskState.PENDING, TaskState.PAUSED})
LEAVE: Final = frozenset({"q", "c-c", "c-d", "<sigint>"})
LONGEST_FILTER: Final = 100

_SCROLLS: Final[dict[str, int]] = {"down": 1, "j": 1, "up": -1, "k": -1}
_PAGES: Final[dict[str, int]] = {"pagedown": 1, " ": 1, "pageup": -1, "b": -1}


@dataclass(frozen=True, slots=True)
class View:
    """Which list, from which row on, of which tenants; ``typing``: the filter is being typed."""

    kind: ViewFilter = "running"
    top: int = 0
    filter: str = ""
    typing: bool = False
    help: bool = False
    left: bool = False

    @property
    def pattern(self) -> str | None:
        """The filter as a pattern: what is typed stands anywhere in the tenant's id, unless it has stars of its own."""
        if not self.filter:
            return None
        return self.filter if "*" in self.filter else f"*{self.filter}*"

    @property
    def wanted(self) -> TaskFilter:
        """The tasks of the list."""
        statuses: Collection[TaskState] = {"failed": FAILED, "waiting": WAITING}.get(self.kind, frozenset(TaskState))
        return TaskFilter(frozenset(statuses), self.pattern)


def pressed(view: View, key: str, rows: int, last: int) -> View:
    """The view after a key (a character, or a name such as ``pagedown``). ``rows`` fit on the screen; ``last`` is the
    highest that ``top`` may be."""
    if key in LEAVE and not (view.typing and key == "q"):
        return replace(view, left=True)
    if view.typing:
        return _typed(view, key)
    if view.help:
        return replace(view, help=False)
    if key in KINDS:
        return replace(view, kind=KINDS[key], top=0)
    if key == "/":
        return replace(view, typing=True, filter="", top=0)
    if key == "?":
        return replace(view, help=True)
    if key == "escape":
        return replace(view, filter="", top=0)
    return _scrolled(view, key, rows, last)


def _scrolled(view: View, key: str, rows: int, last: int) -> View:
    if key in ("home", "g"):
        return replace(view, top=0)
    if key in ("end", "G"):
        return replace(view, top=last)
    by = _SCROLLS.get(key, 0) + _PAGES.get(key, 0) * max(rows, 1)
    return replace(view, top=min(max(view.top + by, 0), last))


def _typed(view: View, key: str) -> View:
    if key in ("c-m", "c-j"):
        return replace(view, typing=False)
    if key == "escape":
        return replace(view, typing=False, filter="")
    if key in ("c-h", "backspace"):
        return replace(view, filter=view.filter[:-1])
    if len(key) == 1 and key.isprintable() and len(view.filter) < LONGEST_FILTER:
        return replace(view, filter=view.filter + key)
    return view
