"""Answers that cost much and may be a moment old: made once for all who ask at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

MOST: Final = 500
"""Answers that are kept; beyond it the oldest go."""

Made = TypeVar("Made")


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    until: float = 0.0


class Recent:
    """Of one process. What fails is kept for nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept] = {}

    def get(self, key: Hashable, seconds: float, make: Callable[[], Made]) -> Made:
        """What ``make`` answered at most so many seconds ago; else what it answers now."""
        with self._lock:
            kept = self._kept.pop(key, None) or _Kept()
            # At the end: whoever is asked for is not the oldest.
            self._kept[key] = kept
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        with kept.lock:
            if self._clock() >= kept.until:
                kept.value = make()
                kept.until = self._clock() + seconds
            value: Made = kept.value
            return value
