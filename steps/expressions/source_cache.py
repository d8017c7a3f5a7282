"""What was compiled lately, by its source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from steps.kept_by_size import KeptBySize

CHARACTERS: Final = 400_000
"""Of all sources; code takes about 40 bytes a character, so 16 MB at most."""

EACH: Final = 200
"""Characters that a source counts as beside its own: what the shortest takes."""

T = TypeVar("T")


class SourceCache(Generic[T]):
    """``make(source)``, kept; the least recently used goes first. Safe to share between threads."""

    def __init__(self, make: Callable[[str], T], characters: int = CHARACTERS) -> None:
        self._make = make
        self._kept: KeptBySize[str, tuple[T]] = KeptBySize(characters // EACH, characters)

    def get(self, source: str) -> T:
        """What ``make`` gave for this source, now or before. Raises what it raises."""
        found = self._kept.get(source)
        if found is None:
            # In a tuple, since None may be what was made.
            found = (self._make(source),)
            self._kept.put(source, found, len(source) + EACH)
        return found[0]

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()
