"""The whole screen of a plan, for any size of terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.cli.drawing import long_cell
from orchestrator.cli.watch.sections import (
    NARROW,
    Lines,
    causes,
    footer,
    head,
    help_lines,
    moving_table,
    task_list,
)
from orchestrator.cli.watch.view import View
from orchestrator.control.answers import PlanStatus
from orchestrator.control.live_plan import LiveView, MovingTask, TaskView
from orchestrator.domain.pattern import is_like

MOST_CAUSES = 6
"""Lines for the causes of failure, the heading included."""

LEAST_ROWS = 3
"""Lines that the list keeps in a low terminal."""

_List = tuple[RenderableType, Lines, int, View, int]
"""Title, rows, how many fit, the view corrected, the highest ``top``."""

_TITLES = {"running": "moving", "failed": "failed", "waiting": "waiting", "all": "all tasks"}


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and lines of a terminal."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What was drawn: the picture, the view corrected to what there is, how many rows fit, the highest ``top``."""

    picture: RenderableType
    view: View
    rows: int
    last: int


class Screen:
    """Draws a plan, and remembers what the ledger was asked for last: the rows that moved, or the page of a list."""

    def __init__(self, live: LiveView) -> None:
        self._live = live
        self._page: PlanStatus | None = None
        self._page_of: tuple[View, int] | None = None
        self._page_is_old = False
        self._moved: Sequence[TaskView] = ()

    def forget_page(self) -> None:
        """The next frame asks for its page anew."""
        self._page_is_old = True

    def draw(self, view: View, size: Size, notice: str = "") -> Frame:
        """The picture of ``size``. Reads what of the plan is in sight; with a ``notice`` that nobody answers it does
        not, and what was in sight last stays there."""
        live, width = self._live, size.width
        top = head(live, width)
        if notice:
            top.append(long_cell(notice, "black on yellow"))
        if view.help:
            return Frame(Group(*top, Text(""), *help_lines()), view, 0, 0)
        # Two blank lines, the list's title, the keys.
        room = size.height - len(top) - 4
        found = causes(live, width, min(MOST_CAUSES, room - LEAST_ROWS))
        parts: Lines = [*top, Text("")]
        if found:
            parts += [*found, Text("")]
            room -= len(found) + 1
        title, table, rows, view, last = self._list(view, width, max(room, 1), reads=not notice)
        return Frame(Group(*parts, title, *table, Text(""), footer(view, width)), view, rows, last)

    def closing(self, width: int) -> RenderableType:
        """What stays on the terminal when the screen is left: it scrolls, so nothing is cut, and a command is one line,
        which the terminal breaks, to be pasted."""
        lines = [*head(self._live, width), *causes(self._live, width, MOST_CAUSES)]
        for line in lines:
            if isinstance(line, Text):
                line.no_wrap, line.overflow = True, "ignore"
        return Group(*lines)

    def _list(self, view: View, width: int, room: int, *, reads: bool) -> _List:
        if view.kind == "running":
            return self._moving(view, width, room, reads=reads)
        rows = max(room - 1, 1)
        if reads and (self._page_is_old or self._page_of != (view, rows)):
            self._page = self._live.page(view.wanted, view.top, rows)
            self._page_of, self._page_is_old = (view, rows), False
        if self._page is None or self._page_of is None or self._page_of[0].wanted != view.wanted:
            return _title(view, 0, 0, 0), [Text("not read yet", style="dim")], rows, view, 0
        last = max(0, self._page.matching - rows)
        if view.top > last:
            return self._list(replace(view, top=last), width, room, reads=reads)
        tasks = self._page.tasks
        title = _title(view, view.top, len(tasks), self._page.matching)
        return title, [task_list(tasks, width)] if tasks else [_nothing(view)], rows, view, last

    def _moving(
        self, view: View, width: int, room: int, *, reads: bool
    ) -> tuple[RenderableType, Lines, int, View, int]:
        moving = [task for task in self._live.moving.values() if _is_asked_for(task, view)]
        rows = max(room // 2, 1) if width < NARROW else max(room - 1, 1)
        last = max(0, len(moving) - rows)
        view = replace(view, top=min(view.top, last))
        if reads:
            self._moved = self._live.views([task.task_id for task in moving[view.top : view.top + rows]])
        shown = self._moved[:rows]
        title = _title(view, view.top, len(shown), len(moving))
        return title, [moving_table(self._live, shown, width)] if shown else [_nothing(view)], rows, view, last


def _is_asked_for(task: MovingTask, view: View) -> bool:
    return view.pattern is None or is_like(task.tenant_id, view.pattern)


def _title(view: View, before: int, shown: int, count: int) -> Text:
    where = f" {before + 1:,} to {before + shown:,} of {count:,}" if count > shown else f" {count:,}"
    only = f"  (tenants like {view.pattern}; Esc drops it)" if view.pattern and not view.typing else ""
    title = long_cell(f"{_TITLES[view.kind]}{where}{only}")
    title.stylize("bold", 0, len(_TITLES[view.kind]))
    return title


def _nothing(view: View) -> Text:
    words = {"running": "nothing moves now", "failed": "nothing is failed now", "waiting": "nothing waits"}
    return Text(words.get(view.kind, "no task"), style="dim")
