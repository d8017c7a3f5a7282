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


class Beginnings:
    """The same of the beginnings of texts, of ``shortest`` bytes or more, at the end of one."""

    def __init__(self, values: Iterable[bytes], shortest: int) -> None:
        self._sorted: list[bytes] = sorted({one for one in values if len(one) >= shortest})
        self._firsts: frozenset[bytes] = frozenset(one[:shortest] for one in self._sorted)
        self._longest = max(map(len, self._sorted), default=0)
        self._shortest = shortest

    def at_end(self, text: bytes) -> int:
        """How many bytes the text ends with that are the first ones of a value, at most; 0 for none."""
        first = max(len(text) - self._longest, 0)
        for begin in range(first, len(text) - self._shortest + 1):
            if text[begin : begin + self._shortest] in self._firsts and self._is_beginning(text[begin:]):
                return len(text) - begin
        return 0

    def _is_beginning(self, text: bytes) -> bool:
        at = bisect_left(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)


def _longest_first(values: Iterable[AnyStr]) -> list[AnyStr]:
    return sorted(set(values), key=lambda one: (-len(one), one))
