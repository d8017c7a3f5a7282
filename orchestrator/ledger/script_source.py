"""Assembles the scripts: one verb a file, shared functions in ``includes/``, tables generated from Python.

A line ``-- @include name`` pulls in ``includes/name.lua`` (once, before the script's own body). Three includes are
generated, so that Lua and Python cannot disagree: ``keys``, ``transitions`` and ``settings``. The body of a verb that
includes ``request`` is made a function: it runs once a request id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE
from orchestrator.domain.transitions import PLAN_MOVES, TASK_MOVES
from orchestrator.ledger import keys

_INCLUDE: Final = re.compile(r"^-- @include (\S+)$", re.MULTILINE)
_FOLDER: Final = files("orchestrator.ledger") / "scripts"


def script_names() -> list[str]:
    """Every verb, sorted."""
    return sorted(entry.name.removesuffix(".lua") for entry in _FOLDER.iterdir() if entry.name.endswith(".lua"))


def read_script(name: str) -> str:
    """The file of a verb, as written."""
    return (_FOLDER / f"{name}.lua").read_text()


def assemble(name: str, constants: Mapping[str, int]) -> str:
    """The whole source of a verb. ``constants`` become the ``settings`` include.

    Raises ``ValueError`` on an unknown include or a cycle.
    """
    generated = {
        "keys": keys.lua_source(),
        "transitions": _transitions_source(),
        "settings": "\n".join(f"local {key} = {value}" for key, value in sorted(constants.items())),
    }
    parts: list[str] = []
    done: set[str] = set()

    def add(include: str, above: tuple[str, ...]) -> None:
        if include in above:
            raise ValueError(f"includes form a cycle: {' -> '.join((*above, include))}")
        if include in done:
            return
        source = generated.get(include)
        if source is None:
            file = _FOLDER / "includes" / f"{include}.lua"
            if not file.is_file():
                raise ValueError(f"unknown include {include!r} in {' -> '.join((name, *above))}")
            source = file.read_text()
        for inner in _INCLUDE.findall(source):
            add(inner, (*above, include))
        done.add(include)
        parts.append(source)

    body = read_script(name)
    for include in _INCLUDE.findall(body):
        add(include, ())
    if "request" in done:
        body = f"local function act()\n{body}\nend\nreturn once(act)"
    source = "\n".join([*parts, body])
    # Only the keys that this script builds: each function costs a little at every call.
    return source.replace(generated["keys"], keys.lua_source(set(re.findall(r"\bK\.(\w+)\(", source))))


def _transitions_source() -> str:
    """Lookups over constant text: a Lua table of the rows would be built anew at every call of every script."""

    def moves(label: str, found: Iterable[tuple[str, str, str]]) -> str:
        rows = ";".join(f"{source} {trigger}={target}" for source, trigger, target in found)
        look_up = f"return string.match(';{rows};', ';' .. move .. '=([A-Z_]+);')"
        return f"local {label} = setmetatable({{}}, {{__index = function(_, move) {look_up} end}})"

    def names(label: str, found: Iterable[str]) -> str:
        look_up = f"return string.find(' {' '.join(sorted(found))} ', ' ' .. state .. ' ', 1, true) ~= nil"
        return f"local {label} = setmetatable({{}}, {{__index = function(_, state) {look_up} end}})"

    return "\n".join(
        [
            moves("TASK_MOVES", ((s.value, t.value, to.value) for (s, t), to in TASK_MOVES.items())),
            moves("PLAN_MOVES", ((s.value, t.value, to.value) for (s, t), to in PLAN_MOVES.items())),
            names("TASK_ACTIVE", TASK_ACTIVE),
            names("PLAN_ENDED", PLAN_ENDED),
        ]
    )
