"""Orders a script's definitions by when they are needed: at once, by few calls (``-- @later`` of the verb), or rarely
(``-- @rare`` above a definition, and what only such ones reach).

Redis runs the whole text of a script at each call, and each function that is defined takes as long as reading a field.
So those of the lower levels are defined by a function, the first time that one of theirs is asked for: they are fields
of a table that defines them when it is asked for a name that it lacks. Those of the first level that others ask for are
fields of a table, too, since a function takes 60 names from around it, and no more; the rest are local names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from orchestrator.ledger.script_parts import Part, reached_parts, words

MOST_LOCALS: Final = 100
"""Functions that are local names: Lua takes 200 of those, and there are constants and a body's own besides."""

_TABLES: Final = ("F", "E", "R")
"""Of each level."""

_FUNCTION: Final = re.compile(r"^local function (\w+)\(", re.MULTILINE)
_VARIABLES: Final = re.compile(
    r"\blocal (?!function\b)([\w, ]+)|\bfor ([\w, ]+?) (?:in|=)|\bfunction\b[^(\n]*\(([^)]*)\)"
)
_BEFORE_VALUE: Final = re.compile(r"\s*=(?!=)")
_TOKEN: Final = re.compile(r"'(?:[^'\\\n]|\\.)*'|--[^\n]*|(?<![\w.:])[A-Za-z_]\w*")


def with_levels(parts: Sequence[Part], body: str, later: Iterable[str]) -> str:
    """The script: of the definitions what its body reaches, then the body."""
    levels = _levels(parts, words([body]), frozenset(later))
    texts = [part.text for level in levels for part in level]
    variables = {name for text in (*texts, body) for name in _variables(text)}
    others = [frozenset().union(*(part.words for part in level)) for level in levels]
    tables: dict[str, str] = {}
    for number, level in enumerate(levels):
        functions = {name for part in level if _FUNCTION.match(part.text) for name in part.names} - variables
        if number == 0 and len(functions) <= MOST_LOCALS:
            functions &= others[1] | others[2]
        tables |= dict.fromkeys(functions, _TABLES[number])
    at_once, *lower = [[_placed(part.text, tables) for part in level] for level in levels]
    sizes = [sum(table == name for table in tables.values()) for name in _TABLES]
    lazily = _lazily(lower, sizes)
    first = f"local F = {_room_for(sizes[0])}" if sizes[0] else ""
    return "\n".join(text for text in (first, lazily[0], *at_once, lazily[1], _placed(body, tables)) if text)


def _levels(parts: Sequence[Part], used: frozenset[str], later: frozenset[str]) -> list[list[Part]]:
    """What is defined at once, what by few calls, what rarely. A name that is no function, or is that of a variable
    somewhere, is seen by those below it only: it stands where all that use it see it."""
    common = [part for part in parts if not part.is_rare]
    first = set(reached_parts([part for part in common if not part.names & later], used))
    second = set(reached_parts(common, used)) - first
    third = set(reached_parts(parts, used)) - first - second
    texts = [part.text for part in parts]
    variables = {name for text in texts for name in _variables(text)}
    while lifted := [
        part
        for mine, others in ((second, third), (third, second))
        for part in mine
        if (not _FUNCTION.match(part.text) and "." not in min(part.names)) or part.names & variables
        if any(part.names & other.words for other in first | others)
    ]:
        for level in (second, third):
            level -= set(lifted)
        first |= set(lifted)
    return [[part for part in parts if part in level] for level in (first, second, third)]


def _lazily(lower: Sequence[Sequence[str]], sizes: Sequence[int]) -> tuple[str, str]:
    """The tables of the lower levels as they are at first, and the functions that define what is in them."""
    heads, definers = [], []
    for name, texts, size, before in zip(_TABLES[1:], lower, sizes[1:], ("", "E"), strict=True):
        if not texts:
            continue
        heads.append(
            f"local {name}, define_{name}\n"
            f"{name} = setmetatable({{}}, {{__index = function(_, name) define_{name}() return {name}[name] end}})"
        )
        # What it uses of the level before may be no field of that one's table.
        needs = f"if define_{before} then define_{before}() end\n" if before and lower[0] else ""
        once = f"define_{name} = nil\n"
        definers.append(
            f"define_{name} = function()\n{once}{needs}{name} = {_room_for(size)}\n" + "\n".join(texts) + "\nend"
        )
    return "\n".join(heads), "\n".join(definers)


def _room_for(size: int) -> str:
    """A table that need not grow: Lua makes room for as many fields as are written here, whatever their names are."""
    return "{" + ", ".join(["_ = 0"] * size) + "}"


@lru_cache(maxsize=4000)
def _variables(text: str) -> frozenset[str]:
    found = (names for groups in _VARIABLES.findall(text) for names in groups)
    return frozenset(name.strip() for names in found for name in names.split(",") if name.strip())


def _placed(text: str, tables: Mapping[str, str]) -> str:
    """The text with the names of functions that are fields of a table."""
    text = _FUNCTION.sub(lambda match: match[0].removeprefix("local ") if match[1] in tables else match[0], text)
    return _TOKEN.sub(_user(tables), text)


def _user(tables: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def used(match: re.Match[str]) -> str:
        name = match[0]
        # A field of that name in a table is another thing.
        if name not in tables or _BEFORE_VALUE.match(match.string, match.end()):
            return name
        return f"{tables[name]}.{name}"

    return used
