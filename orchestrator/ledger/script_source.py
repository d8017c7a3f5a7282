"""Assembles the scripts: one verb a file, shared functions in ``includes/``, tables generated from Python.

A line ``-- @include name`` pulls in ``includes/name.lua`` (once, before the script's own body); of it the script gets
the definitions that it reaches. Four includes are generated, so that Lua and Python cannot disagree: ``keys``,
``transitions``, ``settings`` and ``forms``. A line ``-- @later a, b`` says that few calls need these: they, and what
only they reach, are defined when the first of them is called (see ``script_levels``). States are named, not quoted (see
``script_states``).

The body of a verb that includes ``request`` is made a function: it runs once a request id. So is that of a verb that
asks the transition table: what the table refuses is its answer. Each verb first asks whether
the ledger needs newer scripts than these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from typing import Final

from orchestrator.domain import formats
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.transitions import PLAN_TRANSITIONS, TASK_TRANSITIONS, Transition
from orchestrator.domain.waves import WAVE_DONE, WAVE_MOVES, WaveMove, WaveState
from orchestrator.ledger import keys, shared_settings, stored_forms
from orchestrator.ledger.outcomes import TOO_OLD
from orchestrator.ledger.script_includes import load, read_source
from orchestrator.ledger.script_keys import with_keys, with_known_keys
from orchestrator.ledger.script_levels import with_levels
from orchestrator.ledger.script_parts import Part, definitions_of, reached_parts, words
from orchestrator.ledger.script_states import with_states

UNGATED: Final = ("beat", "damaged_tasks", "find_movers", "find_tasks", "survey_tasks", "tenant_tasks")
"""Verbs that a process may call whose scripts are too old for the ledger: it is seen, and looks; it changes nothing."""

_LATER: Final = re.compile(r"-- @later (.+)")
_FOLDER: Final = files("orchestrator.ledger") / "scripts"


def script_names() -> list[str]:
    """Every verb, sorted."""
    return sorted(entry.name.removesuffix(".lua") for entry in _FOLDER.iterdir() if entry.name.endswith(".lua"))


def read_script(name: str) -> str:
    """The file of a verb, as written. Raises ``ValueError``, naming it, when there is none."""
    file = _FOLDER / f"{name}.lua"
    if not file.is_file():
        raise ValueError(f"{name}.lua: no such script")
    return read_source(file, f"{name}.lua")


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows that the scripts ask: the one table, unless a test leaves rows out."""

    tasks: tuple[Transition[TaskState], ...] = TASK_TRANSITIONS
    plans: tuple[Transition[PlanState], ...] = PLAN_TRANSITIONS
    waves: tuple[WaveMove, ...] = WAVE_MOVES


TABLES: Final = Tables()


def assemble(name: str, tables: Tables = TABLES) -> str:
    """The whole source of a verb: of its includes only what it reaches.

    Raises ``ValueError``, naming file and line, on an unknown script or include, a cycle, an unknown state or key, a
    function for later that no include has, a verb without a body, a character that has no place in a script.
    """
    file_name = f"{name}.lua"
    source = _assemble(name, with_states(file_name, with_known_keys(file_name, read_script(name))))
    for rows, others in zip(_texts(TABLES), _texts(tables), strict=True):
        source = source.replace(rows, others)
    return source


@lru_cache(maxsize=1000)
def named_script(name: str, tables: Tables = TABLES) -> tuple[str, str]:
    """What the server knows the script by (nothing is hidden by it), and its source."""
    source = with_keys(assemble(name, tables))
    return sha1(source.encode(), usedforsecurity=False).hexdigest(), source


@lru_cache(maxsize=1000)
def _assemble(name: str, body: str) -> str:
    generated = {
        "keys": keys.lua_source(),
        "transitions": _transitions_source(),
        "settings": shared_settings.settings_as_lua(),
        "forms": stored_forms.forms_as_lua(),
    }
    parts = [
        part
        for include, source in load(name, body, _FOLDER, generated).items()
        for part in definitions_of(f"includes/{include}.lua", source)
    ]
    later = _later(f"{name}.lua", body, parts)
    lines = body.splitlines()
    body = "\n".join(line for line in lines if not line.startswith("--"))
    if not body.strip():
        raise ValueError(f"{name}.lua:{max(len(lines), 1)}: the verb has no body")
    if _defines(parts, "once"):
        body = f"local function act()\n{body}\nend\nreturn once(act)"
    if _defines(reached_parts(parts, words([body])), "ask_task", "ask_plan", "ask_wave_move"):
        # What the table refuses ends the verb there, whichever function asked.
        body = f"local function verb()\n{body}\nend\nreturn answer_of(verb)"
    if name not in UNGATED:
        body = f"{_gate(parts)}\n{body}"
    return with_levels(parts, body, later)


def _later(file_name: str, body: str, parts: Iterable[Part]) -> list[str]:
    """What the verb says that few of its calls need."""
    known = {name for part in parts for name in part.names}
    found: list[str] = []
    for number, line in enumerate(body.splitlines(), 1):
        if match := _LATER.fullmatch(line):
            names = match[1].split(", ")
            for name in names:
                if name not in known:
                    raise ValueError(
                        f"{file_name}:{number}: no include defines {name!r}, which is said to be for later"
                    )
            found += names
    return found


def _gate(parts: Iterable[Part]) -> str:
    """The first thing that a verb does: what a newer release has written for newer scripts, older ones leave alone."""
    alone = "tonumber(redis.call('HGET', K.settings(), 'NEEDS') or 1)"
    needs = f"local needs = {'look_at_settings()' if _defines(parts, 'look_at_settings') else alone}"
    return f"{needs}\nif needs and needs > {formats.LEDGER} then return {{'{TOO_OLD}', needs}} end"


def _defines(parts: Iterable[Part], *names: str) -> bool:
    return any(name in part.names for part in parts for name in names)


def _transitions_source() -> str:
    """Lookups over constant text: a Lua table of the rows would be built anew at every call of every script."""
    tasks, plans, waves = _texts(TABLES)

    def look_up(label: str, text: str) -> str:
        found = f"string.match('{text}', ';' .. status .. ' ' .. trigger .. '=([A-Z_]+):([a-z_]+);')"
        # What a hand has made of a status is no pattern.
        none = "if string.find(status, '[^A-Z_]') then return nil end"
        return f"local function {label}(status, trigger) {none} return {found} end"

    def names(label: str, found: Iterable[str]) -> str:
        # Kept, as many tasks are of one state.
        is_one = f"string.find(' {' '.join(sorted(found))} ', ' ' .. state .. ' ', 1, true) ~= nil"
        look = f"known[state] = {is_one} return known[state]"
        return f"local {label} = setmetatable({{}}, {{__index = function(known, state) {look} end}})"

    return "\n".join(
        [
            "-- The next state and its guard; nil for a pair that is not in the table.",
            look_up("task_row", tasks),
            look_up("plan_row", plans),
            "-- The next state of a wave; nil for a pair that is not in the table.",
            _wave_row(waves),
            names("TASK_ACTIVE", TASK_ACTIVE),
            names("TASK_KNOWN", TaskState),
            names("TASK_ENDED", TASK_ENDED),
            names("WAVE_DONE", WAVE_DONE),
            names("WAVE_KNOWN", WaveState),
            names("PLAN_ENDED", PLAN_ENDED),
            names("PLAN_KNOWN", PlanState),
        ]
    )


def _wave_row(text: str) -> str:
    found = f"string.match('{text}', ';' .. state .. ' ' .. trigger .. '=([A-Z_]+);')"
    none = "if string.find(state, '[^A-Z_]') then return nil end"
    return f"local function wave_row(state, trigger) {none} return {found} end"


def _texts(tables: Tables) -> tuple[str, str, str]:
    """The rows of tasks, of plans and of waves, as they stand in the scripts."""
    guarded = (
        [f"{row.source} {row.trigger}={row.target}:{row.guard}" for row in rows]
        for rows in (tables.tasks, tables.plans)
    )
    waves = [f"{row.source} {row.trigger}={row.target}" for row in tables.waves]
    tasks, plans, waves_text = (f";{';'.join(rows)};" for rows in (*guarded, waves))
    return tasks, plans, waves_text
