"""Loads the includes of a script in the order of their need. A missing one or a cycle is named with file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from orchestrator.ledger.script_keys import with_known_keys
from orchestrator.ledger.script_states import with_states

_INCLUDE: Final = re.compile(r"^-- @include ([a-z][a-z0-9_]*)$")
# What stands behind an @ is an order to the loader; `script_levels` and `script_parts` read the other two.
_ORDER: Final = re.compile(r"\s*-{2,}\s*@(\w*)")
_OTHERS: Final = {"later": re.compile(r"-- @later \w+(, \w+)*"), "rare": re.compile(r"-- @rare")}
_STRAY: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]")
"""Of a script's text: what nobody sees (a byte order mark, NUL), or what ends a line for Python and not for Lua."""


class Folder(Protocol):
    """Where the files are: a path, or a packaged resource."""

    def __truediv__(self, name: str, /) -> Folder: ...
    def is_file(self) -> bool: ...
    def read_bytes(self) -> bytes: ...


def load(name: str, body: str, folder: Folder, generated: Mapping[str, str]) -> dict[str, str]:
    """The sources of all that the script ``name`` includes, with their states, by name of the include, each after those
    that it needs.

    ``generated`` are includes without a file. Raises ``ValueError``, naming file and line, on an unknown include, a
    cycle, an unknown state or key, or a line that is meant as an include and is not written as one.
    """
    loaded: dict[str, str] = {}

    def add(file_name: str, source: str, above: tuple[str, ...]) -> None:
        for number, line in enumerate(source.splitlines(), 1):
            at = f"{file_name}:{number}"
            include = _included(line, at)
            if include is None or include in loaded:
                continue
            if include in above:
                cycle = (*above[above.index(include) :], include)
                raise ValueError(f"{at}: include {include!r} closes a cycle: {' -> '.join(cycle)}")
            file = folder / "includes" / f"{include}.lua"
            if include not in generated and not file.is_file():
                raise ValueError(f"{at}: unknown include {include!r}")
            name_of_file = f"includes/{include}.lua"
            text = (
                generated[include]
                if include in generated
                else with_states(name_of_file, with_known_keys(name_of_file, read_source(file, name_of_file)))
            )
            add(name_of_file, text, (*above, include))
            loaded[include] = text

    add(f"{name}.lua", body, ())
    return loaded


def read_source(file: Folder, file_name: str) -> str:
    """The text of a script's file. Raises ``ValueError``, naming file and line, for what is no text of a script."""
    data = file.read_bytes()
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{file_name}:{line}: byte 0x{data[error.start]:02x} is no UTF-8") from error
    if stray := _STRAY.search(text):
        line = text.count("\n", 0, stray.start()) + 1
        raise ValueError(f"{file_name}:{line}: the character U+{ord(stray[0]):04X} has no place in a script")
    return text


def _included(line: str, at: str) -> str | None:
    """The include that the line pulls in; None of any other line."""
    if match := _INCLUDE.fullmatch(line):
        return match[1]
    if (order := _ORDER.match(line)) is None:
        return None
    if (other := _OTHERS.get(order[1])) is None:
        raise ValueError(
            f"{at}: an include is written '-- @include name', a file of includes/, and nothing else on the line, "
            f"not {line!r}"
        )
    if not other.fullmatch(line):
        raise ValueError(
            f"{at}: expected '-- @later name, name' or '-- @rare' and nothing else on the line, not {line!r}"
        )
    return None
