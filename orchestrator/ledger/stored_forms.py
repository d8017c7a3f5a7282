"""What the records of plans and tasks hold as JSON: the members that are read, and what each must be.

One table for the script that looks at tasks (``damaged_tasks.lua``), for plans, whose records are few, and for a worker
that goes by what it has been handed. What a newer release keeps besides is nobody's business here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from orchestrator.domain import formats
from orchestrator.domain.errors import cut_text
from orchestrator.domain.stored_json import MOST_DEPTH, DamagedJson, as_json_words, read_stored

_ASKED: Final = "operation:text! actor:text! reason:text! at:number!"
_KEPT: Final = f"{_ASKED} options:object? options.gate:text?"
_CURSOR: Final = "step:number attempt:number state:object note:text? outputs:object healthy:flag format:number"

TASK_FORMS: Final[Mapping[str, str]] = {
    "failure": "type:text! message:text! stageName:text? stepName:text?",
    "wentBackFor": "type:text! message:text! stageName:text? stepName:text?",
    "lastOperation": _ASKED,
    "pausedFor": _KEPT,
    "cancelledFor": _KEPT,
    "cursor": _CURSOR,
    "lastCursor": _CURSOR,
    "handedBack": "why:text! what:text! worker:text! times:number! waits:number? at:number? to:text?",
    "snapshot": "",
}
"""Fields of a task, each with its members and what they are; ``!``: it must be there, ``?``: it may be null."""

PLAN_FORMS: Final[Mapping[str, str]] = {
    "lastOperation": _ASKED,
    "pausedFor": _KEPT,
    "cancelledFor": _KEPT,
    "retryAsked": "scratch:flag! force:flag! by:text! reason:text! override:text? at:number? since:number",
}
"""Of a plan, in the same words."""

LISTS: Final[Mapping[str, int]] = {"retryRefusals": 3, "moved": 0}
"""Fields of a plan that hold a list: of rows of so many texts, or of text."""

GATE_FORM: Final = "url:text! interval:number! timeout:number!"
"""Of a wave, unless it is ``manual``."""

MOST: Final = 253_402_300_800_000
"""Above any number that is ever counted; the year 10000 in ms, which no calendar of Python's tells."""

EXPECTED: Final[Mapping[str, str]] = {
    "text": "text",
    "number": "a whole number",
    "flag": "true or false",
    "object": "a JSON object",
}

_IS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST,
    "flag": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
}
_MEMBER: Final = re.compile(r"([\w.]+):(\w+)([!?]?)")
_ABSENT: Final = object()


def is_newer(told: Mapping[str, Any]) -> bool:
    """Whether it says a form that this release does not know; of a task's fields the cursor says one."""
    return _IS["number"](told.get("format")) and told["format"] > formats.CURSOR


def expected(form: str, member: str) -> str:
    """What a member of the form must be, in words."""
    return next(EXPECTED[kind] for name, kind, _ in _MEMBER.findall(form) if name == member)


def wrong_member(form: str, told: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first member that is not as the form says, and its value as JSON, "" for none; None when all are, or when a
    newer release wrote it: whoever is too old for that says so, and leaves it alone."""
    if is_newer(told):
        return None
    for member, kind, must in _MEMBER.findall(form):
        value = _member_of(told, member)
        if value is _ABSENT:
            if must == "!":
                return member, ""
        elif not _IS[kind](value) and not (value is None and must == "?"):
            return member, as_json_words(value)
    return None


def member_words(field: str, form: str, member: str, value: str) -> str:
    """What is wrong with it, as a clause."""
    return f"its {field}.{member} is {value or 'missing'}, expected {expected(form, member)}"


def wrong_with_object(field: str, text: str, form: str, *, is_told: bool = True) -> str:
    """What is wrong with a field that is to hold such an object, as a clause; "" for nothing. ``is_told``: whether
    people may read what it holds."""
    told = _loosely(text)
    if not isinstance(told, dict):
        return f"its {field} is {repr(cut_text(text, 50)) if is_told else 'damaged'}, not a JSON object"
    wrong = wrong_member(form, told)
    if wrong is None:
        return _wrong_inside(field, text)
    return member_words(field, form, wrong[0], cut_text(wrong[1], 50) if is_told or not wrong[1] else "damaged")


def wrong_with_list(field: str, text: str, texts: int) -> str:
    """The same of a list. An empty one may be written as an empty object: Lua knows one kind of table."""
    told = _loosely(text)
    if not isinstance(told, list) and told != {}:
        return f"its {field} is {cut_text(text, 50)!r}, not a JSON list"
    for place, entry in enumerate(told):
        row = entry if texts and isinstance(entry, list) else [entry]
        if len(row) != max(texts, 1) or not all(isinstance(one, str) for one in row):
            wanted = f"a list of {texts} texts" if texts else "text"
            return f"its {field}[{place}] is {cut_text(as_json_words(entry), 50)}, expected {wanted}"
    return _wrong_inside(field, text)


def told_json(text: str) -> Any:
    """What it says; None for what is no JSON, or none that can be gone by."""
    try:
        return read_stored(text)
    except DamagedJson:
        return None


def _loosely(text: str) -> Any:
    """Also what cannot be gone by, to name the member that is wrong."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _wrong_inside(field: str, text: str) -> str:
    """What nobody reads may still keep all else from being read."""
    try:
        read_stored(text)
    except DamagedJson as error:
        return f"its {field} cannot be worked with: {error}"
    return ""


def _member_of(told: Mapping[str, Any], member: str) -> Any:
    head, _, rest = member.partition(".")
    value = told.get(head, _ABSENT)
    if not rest:
        return value
    return value.get(rest, _ABSENT) if isinstance(value, dict) else _ABSENT


def forms_as_lua() -> str:
    """The forms of a task, for the scripts."""
    return "\n".join(
        [
            "-- Fields of a task's record that are JSON objects, and what their members are (see stored_forms.py).",
            "local FORMS = {",
            *(f"  {field} = '{form}'," for field, form in TASK_FORMS.items()),
            "}",
            f"local MOST = {MOST}",
            f"local NEWEST = {formats.CURSOR}",
            f"local MOST_DEPTH = {MOST_DEPTH}",
        ]
    )
