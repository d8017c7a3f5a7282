"""How often one actor may change something: each change is told in the log and the audit, which keep the newest.

Without a bound, a token of a low role could push out of the audit what others did. Whoever asks for much at once has a
good deal of it free; then so many more become free each second. In the memory of one console.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from orchestrator.console.problems import Refusal

MOST_ACTORS: Final = 10_000
"""Remembered; whoever asked longest ago is forgotten first."""


class ChangeRate:
    """Of one kind of change; safe to share between threads."""

    def __init__(self, what: str, at_once: int, per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        """``what`` names them in the refusal; ``at_once`` are free, ``per_second`` more become free."""
        self._what, self._at_once, self._per_second, self._now = what, at_once, per_second, now
        self._free: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, actor: str) -> None:
        """One of the actor's. Raises ``Refusal`` (429) when none is free, which says when one will be."""
        with self._lock:
            now = self._now()
            free, since = self._free.pop(actor, (float(self._at_once), now))
            free = min(float(self._at_once), free + (now - since) * self._per_second)
            self._free[actor] = (free - 1 if free >= 1 else free, now)
            if len(self._free) > MOST_ACTORS:
                self._free.popitem(last=False)
        if free < 1:
            seconds = str(math.ceil((1 - free) / self._per_second))
            message = f"too many {self._what} of {actor}; the next in {seconds} s"
            raise Refusal(429, "too_many_changes", "Too many changes", message, {"Retry-After": seconds})


class ChangeRates:
    """Those of one console."""

    def __init__(self) -> None:
        self.changes = ChangeRate("changes", 1000, 5.0)
        self.links = ChangeRate("sign-in links", 20, 1 / 60)
        """A viewer may make them."""
