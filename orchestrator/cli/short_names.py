"""Names that are too long for their column: cut in the middle, as their ends tell most; those that differ still do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile
from typing import Final

CUT: Final = "…"
LEAST: Final = 5
"""Characters that a name has at least."""
_PART: Final = re.compile(r"([^A-Za-z0-9])")


def short_names(names: Sequence[str], width: int) -> list[str]:
    """Each name in at most ``width`` characters. Where beginning and end are those of another name of these too, it is
    shown around the first place where they differ; where that is the same in several, by its parts that differ."""
    width = max(width, LEAST)
    shown = {name: _without_middle(name, width) for name in names}
    for group in _alike(shown):
        start = max(_common(group) - width // 3, 0)
        shown |= {name: _from(name, start, width) for name in group}
    alike = [name for group in _alike(shown) for name in group]
    shown |= {name: _without_middle(look, width) for name, look in _by_parts(alike).items()}
    return [shown[name] for name in names]


def _alike(shown: dict[str, str]) -> list[list[str]]:
    """Names that are shown as others are."""
    by_look: dict[str, list[str]] = {}
    for name, look in shown.items():
        by_look.setdefault(look, []).append(name)
    return [names for names in by_look.values() if len(names) > 1]


def _without_middle(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    head = (width - 1) // 2
    return name[:head] + CUT + name[len(name) - (width - 1 - head) :]


def _by_parts(names: Sequence[str]) -> dict[str, str]:
    """Each by those of its parts that are not the same in all: ``eu…001…``; none if they have not as many parts."""
    parts = {name: _PART.split(name) for name in names}
    if len({len(found) for found in parts.values()}) != 1:
        return {}
    differs = [len(set(column)) > 1 for column in zip(*parts.values(), strict=True)]
    return {name: _joined(found, differs) for name, found in parts.items()}


def _joined(parts: Sequence[str], differs: Sequence[bool]) -> str:
    runs = groupby(zip(parts, differs, strict=True), key=lambda one: one[1])
    return "".join("".join(part for part, _ in run) if is_shown else CUT for is_shown, run in runs)


def _common(names: Sequence[str]) -> int:
    """Characters that all begin with."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False)))


def _from(name: str, start: int, width: int) -> str:
    start = min(start, max(len(name) - width + 1, 0))
    before = CUT if start else ""
    rest = name[start:]
    room = width - len(before)
    return before + (rest if len(rest) <= room else rest[: room - 1] + CUT)


def longest(names: Iterable[str]) -> int:
    """Characters of the longest."""
    return max(map(len, names), default=0)
