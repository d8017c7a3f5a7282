"""Objects of a stored form, sound and each with one wrong member."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

_SOUND: Final[dict[str, Any]] = {"text": "x", "number": 1, "flag": True, "object": {}}
_WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "text": (5, ["x"], True, {}),
    "number": ("x", -1, 1.5, True, [1]),
    "flag": (1, "true"),
    "object": ([1], 5, "x"),
}


def sound_object(form: str) -> dict[str, Any]:
    """All members of it are there."""
    found: dict[str, Any] = {}
    for member, kind, _ in _members(form):
        _put(found, member, _SOUND[kind])
    return found


def wrong_objects(form: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The member that is wrong, and all of it."""
    for member, kind, must in _members(form):
        wrong = _WRONG[kind] if must == "?" else (*_WRONG[kind], None)
        for value in wrong:
            found = sound_object(form)
            _put(found, member, value)
            yield member, found
        if must == "!":
            found = sound_object(form)
            del found[member]
            yield member, found


def _members(form: str) -> list[tuple[str, str, str]]:
    return re.findall(r"([\w.]+):(\w+)([!?]?)", form)


def _put(found: dict[str, Any], member: str, value: Any) -> None:
    head, _, rest = member.partition(".")
    if rest:
        found[head][rest] = value
    else:
        found[head] = copy.copy(value)
