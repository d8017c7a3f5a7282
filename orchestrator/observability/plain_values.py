"""What a line of the log shows of the values bound to it, as plain ones: those of a user's middleware may be code, and
a line that cannot be made is lost with all that it tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import structlog
from pydantic import ValidationError

from steps.raised import is_for_process
from steps.told import MOST_SAID, exact_text, type_name, words_of

MOST_DEPTH: Final = 20
"""Levels of lists and mappings that are shown."""

MOST_ENTRIES: Final = 1_000
"""Of the lists and mappings of one value, all together."""

MOST_BITS: Final = 2_000
"""Of a whole number that is written out: Python refuses to write longer ones, from 640 digits on if it is told so."""

_PLAIN: Final = (str, float, bool, type(None))


def plain_values(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor of structlog: the same event of plain values, each told without asking any code of its own.
    ``exc_info`` is left to whoever tells it."""
    return {
        key: value if type(value) in _PLAIN or key == "exc_info" else _Showing().plain(value, MOST_DEPTH)
        for key, value in event.items()
    }


class _Showing:
    """One value's, and how many entries of it may still be shown."""

    def __init__(self) -> None:
        self._left = MOST_ENTRIES

    def plain(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if issubclass(kind, str):
            return str.__str__(value)
        if issubclass(kind, int):
            return _whole(int.__add__(value, 0))
        if issubclass(kind, float):
            return float.__add__(value, 0.0)
        if depth == 0 and issubclass(kind, dict | list | tuple):
            return f"a {type_name(value)}, too deep to show"
        if issubclass(kind, dict):
            return {_words(key): self.plain(one, depth - 1) for key, one in self._some(dict.items(value), ("…", "…"))}
        if issubclass(kind, list | tuple):
            entries = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
            return [self.plain(one, depth - 1) for one in self._some(entries, "…")]
        return _words(value)

    def _some(self, entries: Iterable[Any], more: Any) -> Iterator[Any]:
        for entry in entries:
            if self._left <= 0:
                yield more
                return
            self._left -= 1
            yield entry


def _whole(value: int) -> int | str:
    bits = value.bit_length()
    return value if bits <= MOST_BITS else f"a whole number of {bits} bits"


def _words(value: Any) -> str:
    """As ``repr``, but for text, and for an error of pydantic's, which would quote what it is about."""
    try:
        if issubclass(type(value), ValidationError):
            return words_of(value)
        return exact_text(value if issubclass(type(value), str) else repr(value), MOST_SAID)
    except BaseException as error:
        if is_for_process(error):
            raise
        return f"a {type_name(value)}, which cannot say what it is"
