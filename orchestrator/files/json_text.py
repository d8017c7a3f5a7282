"""JSON text to plain values, stricter than Python's own reader: no key twice, no NaN, bounded nesting."""

from __future__ import annotations

import json
import sys
from typing import Any, Final, NoReturn

from orchestrator.domain.errors import cut_text

MAX_DEPTH: Final = 64
"""Levels of lists and mappings within each other, in JSON, YAML and plans given as values."""


class JsonMistake(ValueError):
    """The text is not JSON; the message says where and why."""


class _Refused(ValueError):
    """JSON to Python's reader, and not to us."""


def parse_json(text: str) -> Any:
    """The value. Raises ``JsonMistake``."""
    try:
        value = json.loads(text, object_pairs_hook=_mapping, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise JsonMistake(f"line {error.lineno}, column {error.colno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise JsonMistake(f"nested more than {MAX_DEPTH} levels deep") from None
    except _Refused as error:
        raise JsonMistake(f"not valid JSON: {error}") from None
    except ValueError:
        # Python's bound on the digits of a number, which it explains with a function of its own.
        raise JsonMistake(f"not valid JSON: a number of more than {sys.get_int_max_str_digits()} digits") from None
    if too_deep(value):
        raise JsonMistake(f"nested more than {MAX_DEPTH} levels deep")
    return value


def too_deep(value: Any) -> bool:
    """Whether lists and mappings stand more than ``MAX_DEPTH`` levels within each other (or within themselves)."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        # Level by level, each container once a level: shared ones cost nothing more, and a loop ends.
        inner = {id(one): one for one in level if isinstance(one, dict | list | tuple)}
        if not inner:
            return False
        level = [
            item
            for one in inner.values()
            for item in (one.values() if isinstance(one, dict) else one)
            if isinstance(item, dict | list | tuple)
        ]
    return bool(level)


def key_given_twice(text: str | bytes) -> str | None:
    """The first key that JSON gives twice in one mapping: Python's reader takes the last, others the first. None of
    what is no JSON, too."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if not found and (twice := _twice(pairs)) is not None:
            found.append(twice)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


def _twice(pairs: list[tuple[str, Any]]) -> str | None:
    seen: set[str] = set()
    return next((key for key, _ in pairs if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _Refused(f"the key {cut_text(str(_twice(pairs)))!r} is given twice in one mapping")
    return mapping


def _no_constant(word: str) -> NoReturn:
    raise _Refused(f"{word} is not a JSON number")
