"""What a script's text alone can tell of its calls: who calls it, what it says of an event, which fields it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.events.base import EventBase, StageEvent, TaskEvent
from orchestrator.domain.events.namespace import NamespaceEvent
from orchestrator.domain.status import TaskState
from orchestrator.ledger.damage import COUNTED
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.script_source import assemble, read_script, script_names
from tests.support.agreed_lists import must_agree
from tests.support.lua_calls import calls, parameters, without_comments

FOLDER = files("orchestrator.ledger") / "scripts"
ROOT = Path(__file__).parents[4]
EVENTS: Final = {model.__name__: model for model in EVENT_TYPES}
SOURCES: Final = {
    entry.name.removesuffix(".lua"): without_comments(entry.read_text())
    for folder in (FOLDER, FOLDER / "includes")
    for entry in folder.iterdir()
    if entry.name.endswith(".lua")
}
EMITS: Final = {"emit_task": TaskEvent, "emit_plan": EventBase, "emit_own": NamespaceEvent}
CALLED: Final = re.compile(
    r"""(?:\.(?:call|ask|call_all|send|send_all|_would|would_ask)\(\s*|\blook\([\w.]+, [\w.]+, )"([a-z_]+)\""""
)
"""The name of a script, as Python gives it to what calls scripts."""
ASKED: Final = {
    *(f"{operation}_{target}" for operation in Operation for target in ("task", "plan")),
    *("approve_gate", "reject_gate"),
    *("accept_task", "skip_stage", "accept_chunk", "exclude_chunk"),
}
"""Their names are put together, or looked up: ``orchestrator/ledger/operations.py`` and ``failure_answers.py``."""

TEXTS: Final = {
    *("lease", "worker", "prev", "successor", "labels", "groups", "moverBefore", "cancelledBy", "retrying"),
    *("pauseRequested", "cancelRequested", "rollbackRequested", "stageStarted", "healthy", "forced"),
    *("freezeOverride", "frozenBy", "frozenTold", "groupFor", "groupTold"),
    *("seen", "accepted", "policyBack", "sentBack", "skipped"),
}
"""Fields of a task's record that any text is right in, or that are there or not."""

ASKED_OTHERWISE: Final = {
    # By `WHOLE.ask_index`, of the whole namespace.
    *("question", "frozen", "freezes", "reconcilerRepairs"),
    # By `WHOLE.ask_number`; by `soak_numbers`.
    *("planSeq", "soakDoubts", "soakLeft"),
    # Of hooks and failed sign-ins, beside all plans.
    *("dropped", "number"),
}
ADDED_BY_NAME: Final = {
    *("'n:lined'", "'n:' .. name", "part_of(task.wave) .. 'n:' .. name", "field", "count"),
    *("part_of(wave) .. COUNT.PENDING", "COUNT.PENDING"),
}
"""Of counts of tasks, or of what is counted anew where it is damaged."""
NOT_GONE_BY: Final = {"endedAt", "durationMillis", "waitingSince", "soakFailed", "moverEpochBefore"}
"""Numbers of a task that are only told, or read in a way that bears anything."""
(FIELDS_OF_TASKS,) = re.findall(r"local FIELDS = \{(.*?)\}", read_script("damaged_tasks"), re.DOTALL)


def test_every_script_that_is_called_is_there_and_every_script_is_called() -> None:
    rooms = [ROOT / "orchestrator", ROOT / "workers"]
    called = {name for room in rooms for path in room.rglob("*.py") for name in CALLED.findall(path.read_text())}
    must_agree(
        called | ASKED,
        script_names(),
        lacking="{0} is called, and there is no orchestrator/ledger/scripts/{0}.lua",
        left_over="nothing calls {0}.lua: give it a verb (orchestrator/ledger/ledger.py says how); "
        "where a caller puts the name together, it belongs into ASKED here",
    )


def test_a_script_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"^nowhere\.lua: no such script$"):
        assemble("nowhere")


def emits() -> Iterator[tuple[str, str, list[str]]]:
    return (
        (name, function, given)
        for name, source in sorted(SOURCES.items())
        for function in EMITS
        for given in calls(source, function)
    )


@pytest.mark.parametrize(("name", "function", "given"), list(emits()), ids=lambda value: str(value)[:40])
def test_an_event_is_given_what_its_model_asks_for(name: str, function: str, given: list[str]) -> None:
    takes = parameters(next(one for one in SOURCES.values() if f"local function {function}(" in one), function)
    assert len(given) <= len(takes), f"{function}({', '.join(takes)})"
    if function == "emit_task":
        assert re.fullmatch("[a-z_]+", given[1]), "the task itself, not its id"
    if function == "emit_plan":
        assert given[1] not in ("plan", "move", "task"), "the plan's id, not its record or key"
    for kind in re.findall(r"'([A-Z][a-zA-Z]+[a-z])'", given[0]):
        model = EVENTS[kind]
        assert issubclass(model, EMITS[function]), f"{kind} is not for {function}"
        assert function != "emit_plan" or not issubclass(model, (TaskEvent, NamespaceEvent)), f"{kind} is of a task"
        assert (len(given) == len(takes) == 4) == issubclass(model, StageEvent), f"{kind} and its stage"
        has_data = len(given) > (1 if function == "emit_own" else 2)
        assert has_data or asked_for(model) == [], f"{kind} needs {asked_for(model)}"


def asked_for(model: type[BaseModel]) -> list[str]:
    """What it must be told beside what every event of its kind has."""
    base = next(one for one in (StageEvent, TaskEvent, NamespaceEvent, EventBase) if issubclass(model, one))
    own = {
        name: field for name, field in model.model_fields.items() if name not in base.model_fields and name != "type"
    }
    return [field.alias or name for name, field in own.items() if field.is_required()]


def test_every_field_of_a_task_that_a_script_touches_is_looked_at_for_damage() -> None:
    fields = re.findall(r"'(\w+)'", FIELDS_OF_TASKS)
    (upto,) = re.findall(r"NUMBERS_UPTO, LONGEST = (\d+)", read_script("damaged_tasks"))
    assert fields[int(upto) :] == [
        "failure",
        "wentBackFor",
        "lastOperation",
        "pausedFor",
        "cancelledFor",
        "cursor",
        "lastCursor",
        "handedBack",
        "snapshot",
    ]
    touched = set().union(*(task_fields(source) for source in SOURCES.values()))
    assert touched - set(fields) - TEXTS == set(), (
        "a number or an object: into FIELDS of damaged_tasks.lua; any text: into TEXTS here"
    )
    assert (set(fields) | TEXTS) - touched <= {"moverBefore", "moverEpochBefore", "lastOperation"}


def listed(source: str, name: str) -> set[str]:
    """The texts of a list that a script or include defines under this name."""
    (found,) = re.findall(rf"local {name} = \{{(.*?)\}}", source, re.DOTALL)
    return set(re.findall(r"'(\w+)'", found))


def test_every_number_that_a_script_adds_to_is_asked_for_before_it_writes() -> None:
    """A record's by ``read_task``, a count of tasks by ``ask_counts``; ``count_task`` refuses what was not asked for.
    One that is neither stands in ``ASKED_OTHERWISE``, with who asks."""
    of_tasks, beside = listed(SOURCES["task"], "NUMBERS"), listed(SOURCES["numbers"], "COUNTED_BESIDE")
    assert beside | {"lined"} | set(TaskState) == set(COUNTED)
    named = {given[1] for source in SOURCES.values() for given in calls(source, "count_task")}
    assert {name[1:-1] for name in named if name.startswith("'")} <= beside
    assert {name for name in named if not name.startswith("'")} <= {"name", "task.status", "to"}
    added = {
        given[2] for source in SOURCES.values() for given in calls(source, "redis.call") if given[0] == "'HINCRBY'"
    }
    assert {name[1:-1] for name in added if re.fullmatch(r"'\w+'", name)} - of_tasks == ASKED_OTHERWISE
    assert {name for name in added if not re.fullmatch(r"'\w+'", name)} <= ADDED_BY_NAME
    # What `doctor` tells as no number is read as one.
    numbers = set(re.findall(r"'(\w+)'", FIELDS_OF_TASKS.split("'failure'")[0])) - {"status", "tenant"}
    assert numbers - of_tasks == NOT_GONE_BY


def task_fields(source: str) -> set[str]:
    """Names of fields in commands on a task's record, under whichever name its key goes."""
    keys = set(re.findall(r"local (\w+) = K\.task\(", source))
    found: set[str] = set()
    for command, *more in (given for call in ("redis.call", "redis.pcall") for given in calls(source, call)):
        key, rest = "".join(more[:1]), more[1:]
        if command.startswith("'H") and (key in keys or key.startswith("K.task(")):
            names = rest[::2] if command == "'HSET'" else rest[:1] if command == "'HINCRBY'" else rest
            found |= {name[1:-1] for name in names if re.fullmatch(r"'\w+'", name)}
    if "task.record" in source or "fields_of(" in source:
        # Read at one go.
        found |= set(re.findall(r"\b(?:task\.record|f)\.(\w+)", source)) - {"err"}
    return found


def test_the_texts_are_read_right() -> None:
    source = "local function f(a, b) end\nf('x, (y', {1, 2})\nf(g(1, 2))\nlocal key = K.task(id)\n"
    source += "redis.call('HSET', key, 'one', 1, 'two', x)\nredis.pcall('HMGET', K.task(f(id)), 'three')"
    assert list(calls(source, "f")) == [["'x, (y'", "{1, 2}"], ["g(1, 2)"], ["id"]]
    assert parameters(source, "f") == ["a", "b"]
    assert task_fields(source) == {"one", "two", "three"}
