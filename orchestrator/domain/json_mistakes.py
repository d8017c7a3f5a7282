"""What a plan that was made in Python may hold and JSON cannot: times, sets, bytes, keys that are no text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from orchestrator.domain.errors import Problem, cut_text
from orchestrator.domain.printable import is_unicode
from orchestrator.domain.stored_json import MOST_DIGITS
from orchestrator.domain.wording import JSON_VALUE, join, shown

MOST: Final = 100
"""Mistakes of one value that are told."""


def json_mistakes(value: Any, path: str) -> list[Problem]:
    """The first of them, each with its place below ``path``. What is nested without end is to be refused before."""
    return list(islice(_mistakes(value, path), MOST))


def _mistakes(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, one in value.items():
            place = join(path, cut_text(_text(key)))
            if not isinstance(key, str):
                yield Problem(place, shown(key), "expected a key that is text")
            elif not is_unicode(key):
                yield Problem(place, shown(key), "expected a key in valid Unicode")
            yield from _mistakes(one, place)
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _mistakes(one, f"{path}[{index}]")
    elif isinstance(value, str):
        if not is_unicode(value):
            yield Problem(path, shown(value), "expected text in valid Unicode")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(path, shown(value), "expected a finite number")
    elif isinstance(value, int):
        # As is read of what is stored; Python does not write out a number of any length.
        if value.bit_length() > MOST_DIGITS * 3 and abs(value) >= 10**MOST_DIGITS:
            yield Problem(path, shown(value), f"expected a whole number of at most {MOST_DIGITS} digits")
    elif value is not None:
        yield Problem(path, shown(value), f"expected {JSON_VALUE}")


def _text(key: Any) -> str:
    return str(key).encode("utf-8", "replace").decode()
