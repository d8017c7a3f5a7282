"""What lasts is said when it begins and then seldom: whoever meets a fault again and again asks here before it logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

TOLD_SECONDS: Final = 600.0
"""How long what was said of a thing is not said again."""

REMEMBERED: Final = 1000
"""Things that are told apart; past them the oldest are said again."""


class News:
    """One for each place that logs; may be shared between threads, of which two may say the same at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, tuple[str, float]] = {}

    def is_new(self, thing: str, said: str) -> bool:
        """Whether this is another thing than was last said of it, or was said long ago: then it is said now."""
        known = self._told.get(thing)
        if known is not None and known[0] == said and self._clock() - known[1] < TOLD_SECONDS:
            return False
        self._told.pop(thing, None)
        self._told[thing] = said, self._clock()
        while len(self._told) > REMEMBERED:
            self._told.pop(next(iter(self._told)), None)
        return True

    def forget(self, thing: str) -> None:
        """It is well again: what comes next is new."""
        self._told.pop(thing, None)
