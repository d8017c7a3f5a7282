"""Makes the functions of a large script fields of one table: Lua takes 200 local names in a function, and no more.

A script that has few keeps them as they are. A name that is also a variable's somewhere in the script stays local.
"""

from __future__ import annotations

import re
from typing import Final

MOST_LOCALS: Final = 120
"""Of functions at the left margin; besides them come constants and a body's own."""

_TABLE: Final = "F"
_FUNCTION: Final = re.compile(r"^local function (\w+)\(", re.MULTILINE)
_VARIABLES: Final = re.compile(
    r"\blocal (?!function\b)([\w, ]+)|\bfor ([\w, ]+?) (?:in|=)|\bfunction\b[^(\n]*\(([^)]*)\)"
)
_TOKEN: Final = re.compile(r"'(?:[^'\\\n]|\\.)*'|--[^\n]*|(?<![\w.:])[A-Za-z_]\w*")


def in_one_table(source: str) -> str:
    """The script as it is sent."""
    names = set(_FUNCTION.findall(source))
    if len(names) <= MOST_LOCALS:
        return source
    taken = {name.strip() for groups in _VARIABLES.findall(source) for text in groups for name in text.split(",")}
    moved = names - taken
    text = _FUNCTION.sub(lambda match: match[0].removeprefix("local ") if match[1] in moved else match[0], source)
    return f"local {_TABLE} = {{}}\n" + _TOKEN.sub(lambda match: _used(match, moved), text)


def _used(match: re.Match[str], moved: set[str]) -> str:
    # A field of that name in a table is another thing.
    is_key = re.match(r"\s*=(?!=)", match.string[match.end() :])
    return f"{_TABLE}.{match[0]}" if match[0] in moved and not is_key else match[0]
