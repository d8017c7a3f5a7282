"""Places of secrets in a text: each from one byte to another. All are looked for in the text as it came, since what one
of them is taken out of is no longer what another would be found in: of two secrets one may hold the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class HiddenPlaces:
    """In order; those that overlap are one."""

    def __init__(self, places: Iterable[tuple[int, int]]) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        for begin, end in sorted(places):
            if self._ends and begin < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._begins.append(begin)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._begins, self._ends, strict=True)

    def hold(self, first: int, last: int) -> bool:
        """Whether one of them has both these bytes."""
        at = bisect_right(self._begins, first) - 1
        return at >= 0 and last < self._ends[at]

    def covered(self, raw: bytes, mask: bytes) -> bytes:
        """The text with ``mask`` for each of them."""
        pieces: list[bytes] = []
        done = 0
        for begin, end in self:
            pieces += (raw[done:begin], mask)
            done = end
        return b"".join((*pieces, raw[done:]))


def places_of(text: bytes, needle: bytes) -> Iterable[tuple[int, int]]:
    at = text.find(needle)
    while at >= 0:
        end = at + len(needle)
        yield at, end
        at = text.find(needle, end)


def is_inside_one(raw: bytes, at: int) -> bool:
    """Whether a character of more than one byte has begun before this place: one of another encoding seems to."""
    return at < len(raw) and raw[at] & 0xC0 == 0x80
