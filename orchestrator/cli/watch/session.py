"""A plan's live screen: looked at twice a second, drawn when something changed, led by keys, left without harm."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.segment import Segment

from orchestrator.cli.drawing import console
from orchestrator.cli.watch.keys import KeySource, open_keys
from orchestrator.cli.watch.screen import Frame, Screen, Size
from orchestrator.cli.watch.view import View, pressed
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.spans import span_text
from orchestrator.domain.status import PLAN_ENDED

if TYPE_CHECKING:
    from orchestrator.control.live_plan import LiveView

LOOK_SECONDS: Final = 0.5
"""How often the ledger is asked what is new."""

TICK_SECONDS: Final = 0.25
"""How soon a changed size of the terminal is seen."""

PAGE_SECONDS: Final = 2.0
"""How old a page of a list may be that is looked for in the whole plan."""


class Session:
    """One person at one screen."""

    def __init__(
        self, live: LiveView, keys: KeySource, out: Console, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` gives seconds that only rise."""
        self._live = live
        self._keys = keys
        self._clock = clock
        self._screen = Screen(live)
        self._paint = Painter(out)
        self._view = View()
        self._frame: Frame | None = None
        self._looked = self._paged = clock()
        self._away_since: float | None = None

    def run(self) -> bool:
        """Until the plan has ended (true) or the person leaves (false)."""
        self._draw()
        while self._live.summary.status not in PLAN_ENDED:
            keys = list(self._keys.wait(TICK_SECONDS))
            for key in keys:
                rows, last = (self._frame.rows, self._frame.last) if self._frame else (1, 0)
                self._view = pressed(self._view, key, rows, last)
                if self._view.left:
                    return False
            # A drawing reads what is in sight: none is made when nothing can have changed.
            if self._look() or keys or self._paint.is_resized:
                self._draw()
        return True

    def _look(self) -> bool:
        """Whether it was time to."""
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        if now - self._paged >= PAGE_SECONDS:
            self._paged = now
            self._screen.forget_page()
        self._ask(self._live.look)
        return True

    def _draw(self) -> None:
        size = self._paint.size()
        if self._away_since is None:
            self._ask(lambda: self._keep(self._screen.draw(self._view, size)))
        if notice := self._notice():
            self._keep(self._screen.draw(self._view, size, notice))
        if self._frame is not None:
            self._paint.picture(self._frame, size)

    def _keep(self, frame: Frame) -> None:
        self._frame, self._view = frame, frame.view

    def _ask(self, question: Callable[[], None]) -> None:
        """A server that is away is waited for: the plan goes on where it is, and so does the screen."""
        try:
            question()
        except Unreachable:
            self._away_since = self._away_since or self._clock()
        else:
            self._away_since = None

    def _notice(self) -> str:
        if self._away_since is None:
            return ""
        return f"Redis has not answered for {span_text(self._clock() - self._away_since)}; trying again"


class Painter:
    """Sends a terminal only the lines that changed."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._size: Size | None = None
        self._lines: list[list[Segment]] = []

    def size(self) -> Size:
        """The terminal's, as it is now."""
        width, height = self._out.size
        return Size(width, height)

    @property
    def is_resized(self) -> bool:
        """Whether the terminal's size is not that of the last picture."""
        return self._size != self.size()

    def picture(self, frame: Frame, size: Size) -> None:
        """Show it; after a change of size everything anew."""
        options = self._out.options.update_dimensions(size.width, size.height)
        lines = self._out.render_lines(frame.picture, options)[: size.height]
        fresh = size != self._size
        if fresh:
            self._size, self._lines = size, []
            self._out.clear(home=True)
        blank = [Segment(" " * size.width)]
        lines += [blank] * (size.height - len(lines))
        with self._out:
            for number, line in enumerate(lines):
                if fresh or line != self._lines[number]:
                    self._out.update_screen_lines([line], 0, number)
        self._lines = lines


def show_live(live: LiveView) -> bool:
    """The live screen of a plan; whether it has ended. What is left on the terminal says how it stands."""
    out = console()
    with _stops_in_order(), open_keys() as keys, out.screen(hide_cursor=True):
        ended = Session(live, keys, out).run()
    out.print(Screen(live).closing(shutil.get_terminal_size().columns), crop=False)
    return ended


@contextmanager
def _stops_in_order() -> Iterator[None]:
    """A signal that ends us ends the screen first: nobody is left with a terminal that shows no letters."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
