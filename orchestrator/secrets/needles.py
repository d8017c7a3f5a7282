"""Many texts looked for in one, in a time that grows with that one and hardly with how many they are.

A process knows every secret that it can find, each in some twenty forms, and what it masks may be an answer of 64 KiB.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import AnyStr, Final, Generic

FEW: Final = 256
"""So many are looked for one by one: cheaper than to take the text to pieces."""

_PIECES: Final = (8, 4)
"""Characters of a piece: the first that the needle has."""

BEHIND_OTHERS: Final = 8
"""Bytes of a value's end that are known for it behind such as may be anybody's."""


class Needles(Generic[AnyStr]):
    """Each is found by a piece of its middle: secrets of one kind begin alike (``ghp_``), and keys end so too."""

    def __init__(self, values: Iterable[AnyStr]) -> None:
        self._all: list[AnyStr] = _longest_first(values)
        self._short: list[AnyStr] = []
        self._by_piece: dict[int, dict[AnyStr, list[AnyStr]]] = {}
        if len(self._all) > FEW:
            for value in self._all:
                self._file(value)

    def inside(self, text: AnyStr) -> list[AnyStr]:
        """Those that the text holds, the longest first, since one may be part of another."""
        if len(self._all) <= FEW:
            return [one for one in self._all if one in text]
        found = [one for one in self._short if one in text]
        for length, by_piece in self._by_piece.items():
            pieces = {text[at : at + length] for at in range(len(text) - length + 1)}
            for piece in by_piece.keys() & pieces:
                found += [one for one in by_piece[piece] if one in text]
        return _longest_first(found)

    def _file(self, value: AnyStr) -> None:
        length = next((one for one in _PIECES if one <= len(value)), 0)
        if not length:
            self._short.append(value)
            return
        begin = (len(value) - length) // 2
        piece = value[begin : begin + length]
        self._by_piece.setdefault(length, {}).setdefault(piece, []).append(value)


class Parts:
    """The same of the beginnings of texts at the end of one, and of their ends at its begin: of those that have
    ``shortest`` bytes or more."""

    def __init__(self, values: Iterable[bytes], shortest: int) -> None:
        found = {one for one in values if len(one) >= shortest}
        self._sorted: list[bytes] = sorted(found)
        self._turned: list[bytes] = sorted(one[::-1] for one in found)
        self._firsts: frozenset[bytes] = frozenset(one[:shortest] for one in found)
        self._turned_firsts: frozenset[bytes] = frozenset(one[:shortest] for one in self._turned)
        self._longest = max(map(len, found), default=0)
        self.shortest = shortest

    def beginning_at_end(self, text: bytes) -> int:
        """How many bytes the text ends with that are the first ones of a value, at most; 0 for none."""
        first = max(len(text) - self._longest, 0)
        for begin in range(first, len(text) - self.shortest + 1):
            if text[begin : begin + self.shortest] in self._firsts and _begins_one(self._sorted, text[begin:]):
                return len(text) - begin
        return 0

    def end_at_begin(self, text: bytes, behind: int = 0) -> int:
        """How many bytes the text begins with that are the last ones of a value, at most; 0 for none.

        Of the first ``behind`` any number may be none of a value's, if ``BEHIND_OTHERS`` or more follow that are."""
        last = min(len(text), behind + self._longest)
        turned = text[:last][::-1]
        for end in range(last, self.shortest - 1, -1):
            at = last - end
            if turned[at : at + self.shortest] in self._turned_firsts:
                # Wherever in front of it a value's end begins, this is the end of that value, too.
                known = min(end, max(end - behind, BEHIND_OTHERS))
                if _begins_one(self._turned, turned[at : at + known]):
                    return end
        return 0


def _begins_one(in_order: list[bytes], text: bytes) -> bool:
    at = bisect_left(in_order, text)
    return at < len(in_order) and in_order[at].startswith(text)


def _longest_first(values: Iterable[AnyStr]) -> list[AnyStr]:
    return sorted(set(values), key=lambda one: (-len(one), one))
