"""How fast a plan goes: how many of its tasks ended of late."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

WINDOW_SECONDS: Final = 120.0
"""What is older says nothing about now."""

FEWEST: Final = 2
"""So many ends make a rate."""


class Pace:
    """Counts ends in a sliding window; the times are those of the events."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._ends: deque[datetime] = deque()

    def know_since(self, moment: datetime) -> None:
        """From when on every end is told; only the first call counts."""
        self._since = self._since or moment

    def note_end(self, moment: datetime) -> None:
        """A task ended."""
        self._ends.append(moment)

    def per_minute(self, now: datetime) -> float | None:
        """Ends a minute; None while there are too few to say it."""
        while self._ends and (now - self._ends[0]).total_seconds() > WINDOW_SECONDS:
            self._ends.popleft()
        if len(self._ends) < FEWEST or self._since is None:
            return None
        span = min(WINDOW_SECONDS, (now - self._since).total_seconds())
        return len(self._ends) / max(span, 1.0) * 60

    def seconds_for(self, tasks: int, now: datetime) -> float | None:
        """How long so many tasks will take at this pace; None when it is not known."""
        rate = self.per_minute(now)
        return None if not rate else tasks / rate * 60
