"""The verdicts of a health check, instance x attempt, small enough to be kept between polls and shown in a status.

One letter an attempt: see ``LETTERS``. Of many attempts the last ``ATTEMPTS_KEPT`` are kept, of many instances the
first ``INSTANCES_KEPT``; ``from`` says which attempt the first letter is of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from pydantic import JsonValue

from steps.wording import cut

ATTEMPTS_KEPT: Final = 40
INSTANCES_KEPT: Final = 200
_KEY_LIMIT = 100


class InstanceState(StrEnum):
    """What one answer of an instance says."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    OLD_VERSION = "old version"
    WRONG_VERSION = "wrong version"
    BAD_ANSWER = "bad answer"
    NOT_ASKED = "not asked"


LETTERS: Final[Mapping[InstanceState, str]] = {
    InstanceState.OK: "+",
    InstanceState.UNREACHABLE: "u",
    InstanceState.OLD_VERSION: "o",
    InstanceState.WRONG_VERSION: "w",
    InstanceState.BAD_ANSWER: "b",
    InstanceState.NOT_ASKED: ".",
}
FLAPPING: Final = "flapping"
_STATES = {letter: state for state, letter in LETTERS.items()}


def add_round(matrix: JsonValue, verdicts: Sequence[tuple[str, InstanceState]]) -> dict[str, Any]:
    """The matrix (``{"from": 1, "instances": {"gw-1": "uo+"}}``, or anything else to begin one) with one more round."""
    before = matrix if isinstance(matrix, dict) else {}
    known = before.get("instances")
    rows = {key: str(row) for key, row in known.items()} if isinstance(known, dict) else {}
    start = before.get("from")
    start = start if isinstance(start, int) else 1
    length = max(map(len, rows.values()), default=0)
    for key, state in _distinct(verdicts):
        if key in rows or len(rows) < INSTANCES_KEPT:
            rows[key] = rows.get(key, "").ljust(length, ".") + LETTERS[state]
    dropped = max(length + 1 - ATTEMPTS_KEPT, 0)
    return {
        "from": start + dropped,
        "instances": {key: row.ljust(length + 1, ".")[dropped:] for key, row in rows.items()},
    }


def in_words(matrix: JsonValue) -> dict[str, list[str]]:
    """Each instance's verdicts as words, oldest first; empty for what is no matrix."""
    rows = matrix.get("instances") if isinstance(matrix, dict) else None
    if not isinstance(rows, dict):
        return {}
    return {key: [_STATES[letter].value for letter in str(row) if letter in _STATES] for key, row in rows.items()}


def verdict(row: str) -> str:
    """One word for an instance: its last state, or ``flapping`` when it was there once and then was not."""
    asked = row.replace(".", "")
    if not asked:
        return InstanceState.NOT_ASKED.value
    there = asked.find("+")
    if there >= 0 and asked[there:].strip("+"):
        return FLAPPING
    return _STATES[asked[-1]].value if asked[-1] in _STATES else InstanceState.BAD_ANSWER.value


def _distinct(verdicts: Sequence[tuple[str, InstanceState]]) -> list[tuple[str, InstanceState]]:
    """The rounds' keys cut, those that occur twice told apart by a number."""
    seen: dict[str, int] = {}
    found = []
    for key, state in verdicts:
        name = cut(key, _KEY_LIMIT)
        seen[name] = seen.get(name, 0) + 1
        found.append((name if seen[name] == 1 else f"{name}#{seen[name]}", state))
    return found
