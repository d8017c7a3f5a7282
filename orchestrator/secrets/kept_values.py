"""Which values of a source are masked: all that it holds, and of those that are gone as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of all values together: each is kept in some twenty forms. What is beyond is masked once it is resolved."""

ROOM: Final = MOST_CHARACTERS // 4
"""Characters that are free once some were forgotten: all that is masked is made anew then, so it is to be rare."""


class KeptValues:
    """A value counts once, however often its file is read."""

    def __init__(self, kept: Iterable[str] = (), gone: Iterable[str] = ()) -> None:
        self._kept = dict.fromkeys(kept)
        self._gone = dict.fromkeys(gone)
        """Of them those that nothing holds any more, the one first that went first."""
        self.left = MOST_CHARACTERS - sum(map(len, self._kept))

    def copy(self) -> KeptValues:
        """For a look that may fail."""
        return KeptValues(self._kept, self._gone)

    def has_gone(self) -> bool:
        """Whether there is any that could be forgotten."""
        return bool(self._gone)

    def take(self, held: Iterable[str]) -> tuple[list[str], list[str], set[str]]:
        """Takes what the source holds now; answers which of that are new, which old ones were forgotten for them, and
        which found no room."""
        current = dict.fromkeys(held)
        self._gone = dict.fromkeys(
            one for one in (*self._gone, *(one for one in self._kept if one not in self._gone)) if one not in current
        )
        new, forgotten, beyond = [], [], set()
        for value in current:
            if value in self._kept:
                continue
            if len(value) > self.left:
                forgotten += self._forget()
            if len(value) > self.left:
                beyond.add(value)
                continue
            self._kept[value] = None
            self.left -= len(value)
            new.append(value)
        return new, forgotten, beyond

    def _forget(self) -> list[str]:
        forgotten: list[str] = []
        while self._gone and self.left < ROOM:
            oldest = next(iter(self._gone))
            del self._gone[oldest], self._kept[oldest]
            self.left += len(oldest)
            forgotten.append(oldest)
        return forgotten
