"""Assembles the scripts: one verb a file, shared functions in ``includes/``, tables generated from Python.

A line ``-- @include name`` pulls in ``includes/name.lua`` (once, before the script's own body). Three includes are
generated, so that Lua and Python cannot disagree: ``keys``, ``transitions`` and ``settings``. The body of a verb that
includes ``request`` is made a function: it runs once a request id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.transitions import PLAN_TRANSITIONS, TASK_TRANSITIONS, Transition
from orchestrator.ledger import keys

_INCLUDE: Final = re.compile(r"^-- @include (\S+)$", re.MULTILINE)
_FOLDER: Final = files("orchestrator.ledger") / "scripts"


def script_names() -> list[str]:
    """Every verb, sorted."""
    return sorted(entry.name.removesuffix(".lua") for entry in _FOLDER.iterdir() if entry.name.endswith(".lua"))


def read_script(name: str) -> str:
    """The file of a verb, as written."""
    return (_FOLDER / f"{name}.lua").read_text()


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows that the scripts ask: the one table, unless a test leaves rows out."""

    tasks: Sequence[Transition[TaskState]] = TASK_TRANSITIONS
    plans: Sequence[Transition[PlanState]] = PLAN_TRANSITIONS


TABLES: Final = Tables()


def assemble(name: str, constants: Mapping[str, int], tables: Tables = TABLES) -> str:
    """The whole source of a verb. ``constants`` become the ``settings`` include.

    Raises ``ValueError`` on an unknown include or a cycle.
    """
    generated = {
        "keys": keys.lua_source(),
        "transitions": _transitions_source(tables),
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
    if "move" in done:
        # What the table refuses ends the verb there, whichever function asked.
        body = f"local function verb()\n{body}\nend\nreturn answer_of(verb)"
    source = "\n".join([*parts, body])
    # Only the keys that this script builds: each function costs a little at every call.
    return source.replace(generated["keys"], keys.lua_source(set(re.findall(r"\bK\.(\w+)\(", source))))


def _transitions_source(tables: Tables) -> str:
    """Lookups over constant text: a Lua table of the rows would be built anew at every call of every script."""

    def look_up(label: str, rows: Iterable[Transition[TaskState] | Transition[PlanState]]) -> str:
        text = ";".join(f"{row.source} {row.trigger}={row.target}:{row.guard}" for row in rows)
        found = f"string.match(';{text};', ';' .. status .. ' ' .. trigger .. '=([A-Z_]+):([a-z_]+);')"
        return f"local function {label}(status, trigger) return {found} end"

    def names(label: str, found: Iterable[str]) -> str:
        is_one = f"return string.find(' {' '.join(sorted(found))} ', ' ' .. state .. ' ', 1, true) ~= nil"
        return f"local {label} = setmetatable({{}}, {{__index = function(_, state) {is_one} end}})"

    return "\n".join(
        [
            "-- The next state and its guard; nil for a pair that is not in the table.",
            look_up("task_row", tables.tasks),
            look_up("plan_row", tables.plans),
            names("TASK_ACTIVE", TASK_ACTIVE),
            names("PLAN_ENDED", PLAN_ENDED),
        ]
    )
