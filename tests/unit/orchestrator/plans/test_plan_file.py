from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.domain.errors import InvalidInput
from orchestrator.files.json_text import MAX_DEPTH
from orchestrator.files.yaml_text import MAX_ALIASED_VALUES, MIN_ALIASED_CHARACTERS, read_yaml
from orchestrator.plans.plan_file import read_plan_file
from tests.support.right_plan import right_plan


def refusal(text: str | bytes, folder: Path, name: str = "plan.yaml", max_bytes: int = 1_000_000) -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InvalidInput) as caught:
        read_plan_file(path, max_bytes)
    (problem,) = caught.value.problems
    assert problem.path == str(path)
    return problem.message


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump])
def test_reads_what_was_written(dump: Any, tmp_path: Path) -> None:
    for name in ("plan.yaml", "plan.json") if dump is json.dumps else ("plan.yml",):
        (tmp_path / name).write_text(dump(right_plan()))
        assert read_plan_file(tmp_path / name) == right_plan()


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_plan_file(tmp_path / "absent.yaml")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_plan_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("# nothing\n", "holds no plan"),
        ("- a\n- b\n", "not a list"),
        ("hello", "not a single value (hello)"),
        ("name: x\nstages: [\n", "line 3, column 1: not valid YAML"),
        ("a: 1\n  b: 2\n", "line 2, column 4: not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' is given twice"),
        ("a: {b: 1, b: 2}", "line 1, column 11: the key 'b' is given twice"),
        ("a: *b", "the alias *b refers to nothing"),
        ("a: &a [*a]", "the alias *a refers to nothing"),
        ("a: !!python/object/apply:os.system [id]", "is not allowed"),
        ("a: !!int x", "is not allowed here"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document"),
        ("{[1]: 2}", "a key must be text"),
        ("a: \x01", "line 1, column 4: not valid YAML: the character U+0001 may not stand in it"),
        ("a: 1\r\nb: x\x00", "line 2, column 5: not valid YAML: the character U+0000"),
        ("a: {<<: 3}", "expected a mapping"),
    ],
)
def test_yaml_mistakes_name_their_place(text: str, expected: str, tmp_path: Path) -> None:
    assert expected in refusal(text, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,\n "b": }', "line 2, column 7: not valid JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, f"nested more than {MAX_DEPTH} levels"),
        ('{"a": ' * 900 + "1" + "}" * 900, f"nested more than {MAX_DEPTH} levels"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[]", "not a list"),
    ],
)
def test_json_mistakes(text: str, expected: str, tmp_path: Path) -> None:
    assert expected in refusal(text, tmp_path, "plan.json")


def test_too_large_and_not_text(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in refusal("a: " + "x" * (1024 * 1024), tmp_path, max_bytes=1024 * 1024)
    assert "line 2: not UTF-8" in refusal(b"a: 1\nb: \xff", tmp_path)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.yaml"))
    for name, kind in (("/dev/zero", "a device"), ("/dev/tty", "a device"), ("pipe.yaml", "a pipe"),
                       ("socket.yaml", "a socket"), (".", "a folder")):  # fmt: skip
        with pytest.raises(InvalidInput, match=f"it is {kind}; expected a file"):
            read_plan_file(tmp_path / name)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_deep_nesting_is_an_error_not_a_crash(opening: str, tmp_path: Path) -> None:
    assert f"more than {MAX_DEPTH} levels" in refusal(opening * 100_000, tmp_path)


def test_alias_bomb_is_bounded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 12)]
    assert f"more than {MAX_ALIASED_VALUES}" in refusal("\n".join(lines), tmp_path)
    merges = ["a0: &a0 {k: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    assert f"more than {MAX_ALIASED_VALUES}" in refusal("\n".join(merges), tmp_path)


def test_aliases_to_long_text_are_bounded_by_their_characters(tmp_path: Path) -> None:
    text = "a: &a " + "x" * 500_000 + "\nb: [" + ", ".join(["*a"] * 100) + "]"
    assert f"more than {MIN_ALIASED_CHARACTERS} characters of text" in refusal(text, tmp_path)
    nested = "a: &a {k: " + "x" * 200_000 + "}\nb: &b [*a, *a, *a, *a]\nc: [" + ", ".join(["*b"] * 30) + "]"
    assert f"more than {MIN_ALIASED_CHARACTERS} characters of text" in refusal(nested, tmp_path)


def test_lines_are_told_by_path() -> None:
    lines: dict[str, int] = {}
    read_yaml("a: 1\nb:\n  c: [1,\n    {d: 2}]\n  e: x\n", "x", lines)
    assert (lines["a"], lines["b.c"], lines["b.c[1].d"], lines["b.e"]) == (1, 3, 4, 5)


def test_plain_scalars() -> None:
    text = "[1, -2, 0x1f, 1.10, 1e3, .5, yes, Off, null, ~, '1', 007, 2024-01-01, 12:30, 1.2.3, !!str 5, !!int 5]"
    expected = [
        1,
        -2,
        31,
        1.1,
        1000.0,
        0.5,
        True,
        False,
        None,
        None,
        "1",
        "007",
        "2024-01-01",
        "12:30",
        "1.2.3",
        "5",
        5,
    ]
    assert read_yaml(text, "x") == expected
    assert [type(value) for value in read_yaml(text, "x")] == [type(value) for value in expected]


def test_anchors_and_merges() -> None:
    text = "base: &base {a: 1, b: 2}\none: {<<: *base, b: 3}\ntwo: {b: 4, <<: [*base, {a: 9, c: 5}]}\n8080: on\non: 1"
    value = read_yaml(text, "x")
    assert value["one"] == {"a": 1, "b": 3}
    assert value["two"] == {"a": 1, "b": 4, "c": 5}
    assert value["8080"] is True
    assert value["on"] == 1
