"""What a line of the log shows of the values bound to it, as plain ones: those of a user's middleware may be code, and
a line that cannot be made is lost with all that it tells."""

from __future__ import annotations

from typing import Any, Final

import structlog

from steps.raised import is_for_process
from steps.told import MOST_SAID, exact_text, type_name

MOST_DEPTH: Final = 20
"""Levels of lists and mappings that are shown."""

_PLAIN: Final = (str, int, float, bool, type(None))


def plain_values(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor of structlog: the same event of plain values, each told without asking any code of its own."""
    return {key: value if type(value) in _PLAIN else _plain(value, MOST_DEPTH) for key, value in event.items()}


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, int):
        return int.__add__(value, 0)
    if issubclass(kind, float):
        return float.__add__(value, 0.0)
    if depth and issubclass(kind, dict):
        return {_words(key): _plain(one, depth - 1) for key, one in dict.items(value)}
    if depth and issubclass(kind, list | tuple):
        entries = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
        return [_plain(one, depth - 1) for one in entries]
    return _words(value)


def _words(value: Any) -> str:
    """As ``repr``, but for text."""
    try:
        return exact_text(value if issubclass(type(value), str) else repr(value), MOST_SAID)
    except BaseException as error:
        if is_for_process(error):
            raise
        return f"a {type_name(value)}, which cannot say what it is"
