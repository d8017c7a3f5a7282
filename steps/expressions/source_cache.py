"""What was compiled lately, by its source: as much as a bound on all sources together allows.

A bound on their number alone is none on memory: sources come from plans, and each may be as long as a template may be.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

CHARACTERS: Final = 400_000
"""Of all sources; code takes about 40 bytes a character, so 16 MB at most."""

EACH: Final = 200
"""Characters that a source counts as beside its own: what the shortest takes."""

T = TypeVar("T")


class SourceCache(Generic[T]):
    """``make(source)``, kept; the least recently used goes first. Safe to share between threads."""

    def __init__(self, make: Callable[[str], T], characters: int = CHARACTERS) -> None:
        self._make = make
        self._characters = characters
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._size = 0

    def get(self, source: str) -> T:
        """What ``make`` gave for this source, now or before. Raises what it raises."""
        with self._lock:
            if source in self._kept:
                self._kept.move_to_end(source)
                return self._kept[source]
        made = self._make(source)
        with self._lock:
            if source not in self._kept:
                self._kept[source] = made
                self._size += len(source) + EACH
            while self._size > self._characters:
                oldest, _ = self._kept.popitem(last=False)
                self._size -= len(oldest) + EACH
        return made

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kept.clear()
            self._size = 0
