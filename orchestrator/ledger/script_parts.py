"""Cuts the source of an include into its definitions, and keeps those that a script reaches.

Every definition costs a little at each call of a script, since Redis runs the whole text; and what is left tells which
keys a script can touch and which events it can write (the test of the scripts' headers reads them from it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

RARE: Final = "-- @rare"

_CODE: Final = re.compile(r"'[^'\n]*'|--[^\n]*")
_WORD: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[)?")
_NAMES: Final = re.compile(r"^(?:local function (\w+)|function (\w+\.\w+)|local ([\w, ]+))")


@dataclass(frozen=True, slots=True)
class Part:
    """One definition: the names that it makes known, its text, the words that the text uses, whether calls that need
    it are rare (``-- @rare`` above it)."""

    names: frozenset[str]
    text: str
    words: frozenset[str]
    is_rare: bool = False


@lru_cache(maxsize=1000)
def definitions_of(file_name: str, source: str) -> Sequence[Part]:
    """The definitions of a file, in order, without comments. Raises ``ValueError`` on a line that is none."""
    found: list[tuple[set[str], list[str], bool]] = []
    is_open = is_rare = False
    for number, line in enumerate(source.splitlines(), 1):
        if not is_open and (not line.strip() or line.startswith("--")):
            is_rare = is_rare or line == RARE
            continue
        if is_open:
            found[-1][1].append(line)
            is_open = line not in ("end", "}")
            continue
        match = _NAMES.match(line)
        if match is not None:
            names = match[1] or match[2] or match[3]
            if is_rare and not match[1]:
                raise ValueError(f"{file_name}:{number}: only a local function may be rare: {line!r}")
            found.append(({name.strip() for name in names.split(",")}, [line], is_rare))
            is_rare = False
        elif line == "do" and found:
            # It fills what was declared just before it.
            found[-1][1].append(line)
        else:
            raise ValueError(f"{file_name}:{number}: not a definition at the left margin: {line!r}")
        is_function = " function " in f" {line}"
        is_open = line == "do" or (is_function and not line.endswith(" end")) or line.endswith("{")
    return tuple(Part(frozenset(names), "\n".join(lines), words(lines), is_rare) for names, lines, is_rare in found)


def words(lines: Iterable[str]) -> frozenset[str]:
    """The names used in the code, ``table.field`` as such and as ``table``; ``table[`` stands for all its fields."""
    code = "\n".join(_CODE.sub(lambda match: "''" if match[0][0] == "'" else "", line) for line in lines)
    found = set(_WORD.findall(code))
    return frozenset(found | {word.partition(".")[0].rstrip("[") for word in found})


def reached_parts(parts: Iterable[Part], roots: frozenset[str]) -> list[Part]:
    """Those that the roots use, and all that these use in turn; in the order given."""
    listed = list(parts)
    known = set(roots)
    kept: set[int] = set()
    grows = True
    while grows:
        grows = False
        for place, part in enumerate(listed):
            if place not in kept and _is_used(part.names, known):
                kept.add(place)
                known |= part.words
                grows = True
    return [part for place, part in enumerate(listed) if place in kept]


def _is_used(names: frozenset[str], known: set[str]) -> bool:
    tables = (name.partition(".")[0] for name in names if "." in name)
    return not names.isdisjoint(known) or any(f"{table}[" in known for table in tables)
