"""What holds for every script file: header, includes, codes, events, names; the body is tested against real Redis."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from orchestrator.domain.events import EVENT, EVENT_TYPES
from orchestrator.domain.transitions import Guard
from orchestrator.ledger import keys, operations, outcomes
from orchestrator.ledger.script_headers import events_written, headed
from orchestrator.ledger.script_source import assemble, read_script, script_names
from orchestrator.ledger.script_states import NAMED, with_states
from orchestrator.ledger.shared_settings import BUILT_IN
from tests.support.agreed_lists import must_agree

FOLDER = files("orchestrator.ledger") / "scripts"
KEY_PAGE = (Path(__file__).parents[4] / "docs" / "keys.md").read_text()
INCLUDES = sorted(entry.name for entry in (FOLDER / "includes").iterdir())
GENERATED = {"keys.lua", "transitions.lua", "settings.lua", "forms.lua"}
EVENT_NAMES = set(EVENT.json_schema()["discriminator"]["mapping"])
FAILURE_KINDS = {"TaskTimeout"}
LUA_NAMES = {
    *("and", "or", "not", "if", "then", "elseif", "else", "end", "for", "in", "do", "while", "function", "return"),
    *("pairs", "ipairs", "pcall", "setmetatable", "tonumber", "tostring", "type", "unpack", "error", "assert"),
    "act",  # a verb's body as a function: a parameter of `once`
    "may_start",  # what a caller wants: a parameter of `look_at_head`
}
ENUMS = {
    "open_plan": outcomes.Opened,
    "write_chunk": outcomes.Written,
    "commit_plan": outcomes.Committed,
    "begin": outcomes.Begun,
    "poll_again": outcomes.Ended,
    "advance": outcomes.Ended,
    "fail": outcomes.Ended,
    "release_tenant": operations.Taken,
    **{f"{operation}_task": operations.Taken for operation in operations.Operation},
    **{f"{op}_plan": operations.Taken for op in operations.Operation if op is not operations.Operation.RETRY},
}


def without_comments(source: str) -> str:
    return re.sub(r"--[^\n]*", "", source)


def codes_of(source: str) -> set[str]:
    return set(re.findall(r"return \{'([A-Z_]+)'", without_comments(with_states("", source))))


def header_part(source: str, label: str) -> str:
    match = re.search(rf"^-- {label}(.*?)(?=^-- (?:KEYS|ARGV|CODES|EVENTS|@include)|^[^-])", source, re.M | re.S)
    assert match, f"no {label} in the header: a line `-- {label}` (`make docs` fills KEYS and EVENTS)"
    return match.group(1)


@pytest.mark.parametrize("name", script_names())
def test_header_names_keys_arguments_codes_and_events(name: str) -> None:
    source = read_script(name)
    assert source.startswith("-- ")
    for label in ("KEYS", "ARGV", "CODES", "EVENTS"):
        header_part(source, label)


@pytest.mark.parametrize("name", script_names())
def test_codes_of_the_body_stand_in_the_header(name: str) -> None:
    source = read_script(name)
    codes = codes_of(source)
    assert codes <= set(re.findall(r"[A-Z_]{4,}", header_part(source, "CODES")))


@pytest.mark.parametrize("name", script_names())
def test_arguments_of_the_body_stand_in_the_header(name: str) -> None:
    source = read_script(name)
    used = set(re.findall(r"\bARGV\[(\d+)\]", without_comments(source)))
    assert used <= set(re.findall(r"(?<!\S)(\d+)(?= )", header_part(source, "ARGV")))


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_codes_of_the_header_are_those_of_the_enum(name: str) -> None:
    known = {member.value for member in ENUMS[name]}
    assert codes_of(read_script(name)) <= known


@pytest.mark.parametrize("name", script_names())
def test_keys_and_events_of_the_header_are_those_that_the_script_reaches(name: str) -> None:
    source = read_script(name)
    assert headed(source, assemble(name), KEY_PAGE) == source, "run `make docs`"


@pytest.mark.parametrize("name", script_names())
def test_what_asks_the_table_says_bad_move(name: str) -> None:
    asks = bool(re.search(r"\b(ask_task|ask_plan|apart)\(", assemble(name)))
    assert ("BAD_MOVE" in header_part(read_script(name), "CODES")) is asks


@pytest.mark.parametrize("name", script_names())
def test_every_event_that_is_named_has_a_model(name: str) -> None:
    source = assemble(name)
    named = set(re.findall(r"'((?:Plan|Task|Operation)[A-Z][A-Za-z]+)'", source))
    named |= set(re.findall(r"\bemit(?!_operation\b)\w*\('(\w+)'", source))
    unknown = named - FAILURE_KINDS - EVENT_NAMES
    assert not unknown, f"no model in orchestrator/domain/events/: {sorted(unknown)}"


def test_every_model_of_an_event_is_written_by_a_script() -> None:
    written = {kind for name in script_names() for kind in events_written(assemble(name))}
    must_agree(
        (model.__name__ for model in EVENT_TYPES),
        written,
        lacking="{}: a model that no script writes; a script emits it in the write of the state that it tells of",
        left_over="{}: written by a script, and no model: orchestrator/domain/events/",
    )


@pytest.mark.parametrize("name", script_names())
def test_no_function_is_called_that_is_not_defined_before(name: str) -> None:
    source = without_comments(assemble(name))
    defined = set(LUA_NAMES)
    for match in re.finditer(r"local function ([a-z_]+)|(?<![.:\w])([a-z_]+)\(", source):
        if match.group(1):
            defined.add(match.group(1))
        else:
            assert match.group(2) in defined, match.group(2)


@pytest.mark.parametrize("name", script_names())
def test_no_setting_is_read_that_coordinators_do_not_write(name: str) -> None:
    assert set(re.findall(r"\bSETTINGS\.(\w+)", assemble(name))) <= set(BUILT_IN)


@pytest.mark.parametrize("name", script_names())
def test_no_constant_is_read_that_is_not_defined(name: str) -> None:
    source = re.sub(r"'[^'\n]*'", "''", without_comments(assemble(name)))
    read = set(re.findall(r"(?<![.\w])([A-Z][A-Z_]{2,})(?![\w]| = true)", source))
    for constant in read - {"KEYS", "ARGV"}:
        assert re.search(rf"local [A-Z_, ]*\b{constant}\b", source), constant


@pytest.mark.parametrize("name", [*script_names(), *(f"includes/{i.removesuffix('.lua')}" for i in INCLUDES)])
def test_short_and_without_scans(name: str) -> None:
    source = (FOLDER / f"{name}.lua").read_text()
    assert len(source.splitlines()) <= 120
    assert not re.search(r"'(KEYS|SCAN|FLUSHDB|FLUSHALL)'", source)


def other_forms(source: str) -> list[str]:
    """How text and keys may not be written: whoever looks for the events and keys of a script looks for one form."""
    code = re.sub(r"'(?:[^'\\\n]|\\.)*'", "''", source)
    return re.findall(r"\"[^\n]*|\[=*\[.*|\bK\b(?!\.\w+\().*|\bemit\w*\s+\(.*", without_comments(code))


@pytest.mark.parametrize("name", [*script_names(), *(f"includes/{i.removesuffix('.lua')}" for i in INCLUDES)])
def test_texts_and_keys_are_written_in_one_form(name: str) -> None:
    assert not other_forms((FOLDER / f"{name}.lua").read_text()), "a text is 'so', a key K.so(id)"


@pytest.mark.parametrize(
    "line",
    [
        'emit_plan("PlanReopened", task.plan)',
        "emit_plan ('PlanReopened', task.plan)",
        "emit_plan([[PlanReopened]], task.plan)",
        "redis.call('DEL', K.beats ())",
        "redis.call('DEL', K['beats']())",
        "local beats = K.beats",
    ],
)
def test_another_form_is_told(line: str) -> None:
    assert other_forms(f'-- Says "so" of K\'s keys.\n{line}\n')
    assert not other_forms("emit_plan('PlanReopened', K.plan(id), '{\"a\":[[1]]}') -- the \"key\" of K")


@pytest.mark.parametrize("name", [*script_names(), *(f"includes/{i.removesuffix('.lua')}" for i in INCLUDES)])
def test_states_are_named_by_whose_they_are(name: str) -> None:
    """A state as text goes on working when the state is renamed, and matches nothing; TASK.FAILED is a mistake then."""
    states = sorted({state for kind, _ in NAMED.values() for state in kind.__members__})
    bare = rf"(?<!\b(?:TASK|PLAN|WAVE)\.)(?<!\bCOUNT\.)\b({'|'.join(states)})\b"
    lines = without_comments((FOLDER / f"{name}.lua").read_text()).splitlines()
    told = [
        f"{name}.lua:{number}: {found[0]}" for number, line in enumerate(lines, 1) if (found := re.search(bare, line))
    ]
    assert not told, "\n".join(["", *told, f"A state is written as one of {', '.join(NAMED)}: TASK.FAILED."])


@pytest.mark.parametrize("asked", ["TASK.RUNING", "PLAN.PENDING", "WAVE.FAILED", "COUNT.READY"])
def test_a_state_that_is_none_is_a_mistake_with_its_place(asked: str) -> None:
    with pytest.raises(ValueError, match=rf"^includes/x\.lua:2: {asked} is no state: expected one of "):
        with_states("includes/x.lua", f"local function x(task)\n  return task.status == {asked}\nend")


def test_states_are_texts_when_the_script_is_sent() -> None:
    source = "x == TASK.FAILED or COUNT.ROLLED_BACK .. PLAN.READY .. WAVE.OPEN .. TASK_GUARDS.x"
    assert with_states("x", source) == "x == 'FAILED' or 'n:ROLLED_BACK' .. 'READY' .. 'OPEN' .. TASK_GUARDS.x"


def test_every_include_is_named_by_a_script_or_another_include_once_each() -> None:
    files = [f"{name}.lua" for name in script_names()] + [f"includes/{name}" for name in INCLUDES]
    named = {file: re.findall(r"^-- @include (\S+)$", (FOLDER / file).read_text(), re.M) for file in files}
    assert [file for file, includes in named.items() if len(includes) != len(set(includes))] == []
    must_agree(
        {f"{name}.lua" for includes in named.values() for name in includes} - GENERATED,
        INCLUDES,
        lacking="{} is included, and is not in orchestrator/ledger/scripts/includes/",
        left_over="nothing includes includes/{}",
    )


def test_every_guard_of_the_table_is_a_function() -> None:
    functions = re.findall(r"function (?:TASK|PLAN)_GUARDS\.(\w+)\(", (FOLDER / "includes/guards.lua").read_text())
    must_agree(
        Guard,
        [*functions, Guard.NONE],
        lacking="{} is no function of TASK_GUARDS or PLAN_GUARDS in includes/guards.lua",
        left_over="{} is a function in includes/guards.lua, and no Guard of orchestrator/domain/transitions.py",
    )
    assert len(functions) == len(set(functions))


def test_keys_are_built_in_one_place() -> None:
    for name in script_names():
        assert "changeover:" not in read_script(name)


def test_a_tenant_cannot_reach_another_kind_of_key() -> None:
    place = keys.Keys("a")
    assert place.of("tenant", "x:line") != place.of("line", "x")
    assert place.of("tenant", "acme") == "changeover:{a}:tenant:acme"
    heads = [pattern.partition("{}")[0] for pattern in keys.PATTERNS.values()]
    clashes = [(a, b) for a in heads for b in heads if a != b and a.endswith(":") and b.startswith(a)]
    assert clashes == []
