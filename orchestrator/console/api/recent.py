"""Answers that cost much: made once for all who ask at the same time.

One of a kind is made at a time. Whoever asks meanwhile waits for the next one, with all others who do, and so never
gets an answer that is older than the question: who retries a plan and then asks why it stands, is told how it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

MOST: Final = 500
"""Answers that are kept; beyond it the oldest go."""

T = TypeVar("T")


@dataclass(slots=True)
class _RecentAnswer:
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: int = 0
    """How often it was asked for, to now."""
    answers: int = 0
    """Of these, how many the value is an answer to."""
    value: Any = None


class Recent:
    """Of one process. What fails is kept for nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _RecentAnswer] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` answers, now or for another who has begun to wait since it was asked."""
        with self._lock:
            kept = self._kept.pop(key, None) or _RecentAnswer()
            # At the end: whoever is asked for is not the oldest.
            self._kept[key] = kept
            kept.asked += 1
            mine = kept.asked
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        with kept.lock:
            if kept.answers < mine:
                answers = kept.asked
                kept.value = make()
                kept.answers = answers
            value: T = kept.value
            return value
