"""What stands in the ledger, read as one who does not trust the hands that may have been in it.

Every reader of a record goes through here: what it is given can be computed with, shown and written again.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

from orchestrator.domain.errors import cut_text

MOST_DEPTH: Final = 200
"""Lists and objects within each other: far more than any step or config may nest, and few enough for whoever walks
through them. The scripts that look at records go by the same."""

MOST_CHARACTERS: Final = 2**26
"""More than the longest of what is written."""

MOST_DIGITS: Final = 300
"""Of a whole number: such a one is still a finite number where numbers have a point."""

_HALF_A_PAIR: Final = re.compile(r"\\u[dD][89a-fA-F]")


DIGITS: Final = 15
"""Of the largest number that is counted up one by one: one more can be added to it in Redis, in a script and in a
database, and none of them rounds it. A larger one was written by a hand."""

MOST_COUNTED: Final = 10**DIGITS - 1
"""That number."""

COUNTED: Final = re.compile(rf"0|[1-9][0-9]{{0,{DIGITS - 1}}}")
"""As it is written down; the scripts' own test is ``whole.lua``."""


class DamagedJson(ValueError):
    """A hand has made of it what nobody can go by; the message says what it is."""


class TooLong(DamagedJson):
    """It has more characters than may be written."""


def as_stored(value: Any, most: int = MOST_CHARACTERS) -> Any:
    """The value as whoever reads it again finds it, made of nothing but what JSON has. Raises ``DamagedJson``, which
    says why, for what nobody could read again; ``TooLong`` for more than ``most`` characters of JSON, of which not many
    more are ever made."""
    parts: list[str] = []
    size = 0
    try:
        # Piece by piece: a value that holds another one often would be made whole at once.
        for part in _ENCODER.iterencode(value):
            parts.append(part)
            size += len(part)
            if size > most:
                raise TooLong(f"more than {most} characters")
    except DamagedJson:
        raise
    except RecursionError:
        raise _too_deep() from None
    except (TypeError, ValueError):
        raise DamagedJson("JSON cannot hold it") from None
    return read_stored("".join(parts))


def read_stored(text: str) -> Any:
    """The value. Raises ``DamagedJson`` for what is no JSON, and for JSON with a number that is not finite, nesting
    beyond ``MOST_DEPTH`` or half a surrogate pair."""
    if len(text) > MOST_CHARACTERS:
        raise DamagedJson(f"{len(text)} characters, expected at most {MOST_CHARACTERS}")
    try:
        value = _DECODER.decode(text)
        if _HALF_A_PAIR.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except DamagedJson:
        raise
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise DamagedJson(f"{cut_text(text, 50)!r} is no JSON") from None
    # Most have so few that they need not be followed.
    if text.count("[") + text.count("{") > MOST_DEPTH and _is_deep(value):
        raise _too_deep()
    return value


def as_json_words(value: Any) -> str:
    """A value of whatever was read, as JSON for people: ``{...}`` for what is nested too deeply."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "{...}"


def counted_number(text: str | None) -> int | None:
    """The whole number that a field holds, 0 or above; None for anything else, and for one that is never counted to."""
    if text is None or not COUNTED.fullmatch(text):
        return None
    return int(text)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        _no_number(digits)
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        _no_number(digits)
    return int(digits)


def _no_number(word: str) -> NoReturn:
    raise DamagedJson(f"{cut_text(word, 50)!r} is no number that can be worked with")


_ENCODER: Final = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_int=_whole, parse_constant=_no_number)


def _too_deep() -> DamagedJson:
    return DamagedJson(f"nested more than {MOST_DEPTH} levels deep")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH):
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [item for items in inner for item in items]
    return any(isinstance(one, dict | list) for one in level)
