"""How a script is put together: its includes in order, and of them what it reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.ledger import script_source
from orchestrator.ledger.script_headers import events_written, keys_touched
from orchestrator.ledger.script_includes import load
from orchestrator.ledger.script_parts import definitions_of, reached_parts, words

SOURCE = """-- What an include may hold; it's said here.
local LIMIT = 3
local A, B
do
  A = other(1)
end

-- Not called: unused(
local function used(x) return x + LIMIT end
local function unused() return redis.call('GET', K.seq()) end
local function long(task)
  if task then
    return used(B) -- of K.epoch()
  end
end
local NAMES = {
  'PlanPaused', one = used,
}
local TABLE = {}
function TABLE.first() return long() end
function TABLE.second() return NAMES end
"""


def folder(path: Path, **files: str) -> Path:
    (path / "includes").mkdir()
    for name, source in files.items():
        (path / "includes" / f"{name}.lua").write_text(source)
    return path


def test_includes_come_once_and_after_what_they_need(tmp_path: Path) -> None:
    place = folder(tmp_path, a="-- @include b\n-- @include c\n", b="-- @include made\n", c="-- @include b\n")
    assert list(load("verb", "-- @include a\n-- @include c\n", place, {"made": "local X = 1"})) == [
        "made",
        "b",
        "c",
        "a",
    ]


def test_an_unknown_include_is_named_with_file_and_line(tmp_path: Path) -> None:
    place = folder(tmp_path, a="-- What for\n-- @include nowhere\n")
    with pytest.raises(ValueError, match=r"^includes/a\.lua:2: unknown include 'nowhere'$"):
        load("verb", "-- @include a\n", place, {})
    with pytest.raises(ValueError, match=r"^verb\.lua:1: unknown include 'nobody'$"):
        load("verb", "-- @include nobody\n", place, {})


@pytest.mark.parametrize(
    "line",
    [
        *("-- @include b ", "-- @include b\t", " -- @include b", "--@include b", "-- @include"),
        *("-- @includes b", "-- @late b", "--- @include b", "---@include b"),
        *("-- @include /abs/b", "-- @include ./b", "-- @include ../includes/b", "-- @include b.lua"),
    ],
)
def test_a_line_meant_as_an_include_and_not_written_as_one_is_refused(tmp_path: Path, line: str) -> None:
    place = folder(tmp_path, a=f"-- What for\n{line}\n", b="local X = 1\n")
    said = r"^includes/a\.lua:2: an include is written '-- @include name'.*@(include|late)"
    with pytest.raises(ValueError, match=said):
        load("verb", "-- @include a\n", place, {})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"-- one\n-- caf\xe9\n", r":2: byte 0xe9 is no UTF-8"),
        (b"\xef\xbb\xbf-- one\n", r":1: the character U\+FEFF has no place in a script"),
        (b"-- one\n\x00\n", r":2: the character U\+0000 has no place in a script"),
        ("-- a\u2028-- @include b\n".encode(), r":1: the character U\+2028 has no place in a script"),
        (b"-- @later\n", r":1: expected '-- @later name, name' or '-- @rare'"),
        (b"-- @rare b\n", r":1: expected '-- @later name, name' or '-- @rare'"),
    ],
)
def test_what_is_no_text_of_a_script_is_named_with_file_and_line(tmp_path: Path, data: bytes, said: str) -> None:
    place = folder(tmp_path)
    (place / "includes" / "a.lua").write_bytes(data)
    with pytest.raises(ValueError, match=rf"^includes/a\.lua{said}"):
        load("verb", "-- @include a\n", place, {})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", r":1: the verb has no body"),
        ("-- What for\n\n", r":2: the verb has no body"),
        ("-- @include task_id\n-- @later plan_of, nix\nreturn 1\n", r":2: no include defines 'nix'"),
        ("\ufeffreturn 1\n", r":1: the character U\+FEFF has no place in a script"),
    ],
)
def test_a_verb_that_says_nothing_or_too_much_is_named_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    place = folder(tmp_path, task_id=(script_source._FOLDER / "includes" / "task_id.lua").read_text())
    (place / "verb.lua").write_text(source)
    monkeypatch.setattr(script_source, "_FOLDER", place)
    with pytest.raises(ValueError, match=rf"^verb\.lua{said}"):
        script_source.assemble("verb")


def test_a_cycle_is_named_with_file_and_line(tmp_path: Path) -> None:
    place = folder(tmp_path, a="-- @include b\n", b="\n-- @include c\n", c="\n\n-- @include b\n")
    with pytest.raises(ValueError, match=r"^includes/c\.lua:3: include 'b' closes a cycle: b -> c -> b$"):
        load("verb", "-- @include a\n", place, {})


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("return LIMIT", [{"LIMIT"}]),
        ("return 'LIMIT' -- LIMIT", []),
        ("return A", [{"A", "B"}]),
        ("return long(ARGV[1])", [{"LIMIT"}, {"A", "B"}, {"used"}, {"long"}]),
        ("return NAMES", [{"LIMIT"}, {"used"}, {"NAMES"}]),
        ("return TABLE.second()", [{"LIMIT"}, {"used"}, {"NAMES"}, {"TABLE"}, {"TABLE.second"}]),
        (
            "return TABLE[ARGV[1]]()",
            [{"LIMIT"}, {"A", "B"}, {"used"}, {"long"}, {"NAMES"}, {"TABLE"}, {"TABLE.first"}, {"TABLE.second"}],
        ),
    ],
)
def test_a_script_gets_what_it_reaches(body: str, kept: list[set[str]]) -> None:
    parts = definitions_of("includes/a.lua", SOURCE)
    assert [part.names for part in reached_parts(parts, words([body]))] == kept


def test_a_definition_is_kept_whole() -> None:
    whole = {next(iter(part.names)): part.text for part in definitions_of("a", SOURCE) if len(part.names) == 1}
    assert whole["long"].splitlines()[-1] == "end"
    assert whole["NAMES"] == "local NAMES = {\n  'PlanPaused', one = used,\n}"


def test_what_is_no_definition_is_named_with_file_and_line() -> None:
    with pytest.raises(ValueError, match=r"^includes/a\.lua:2: not a definition at the left margin: \"redis"):
        definitions_of("includes/a.lua", "local X = 1\nredis.call('PING')\n")


def test_keys_and_events_are_read_from_the_assembled_source() -> None:
    source = "function K.seq() return 'seq' end\nredis.call('GET', K.plan(ARGV[1]))\nemit('TaskPaused')\n"
    assert keys_touched(source) == {"plan:{}"}
    assert events_written(source) == ["TaskPaused"]
