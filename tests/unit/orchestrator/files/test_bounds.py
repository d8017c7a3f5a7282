"""Bounds that only show in what is not done: read whole, opened twice, refused too early."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.domain import naming
from orchestrator.domain.errors import InvalidInput
from orchestrator.files import yaml_text
from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.text_file import read_text
from orchestrator.files.yaml_bounds import MAX_BLANK, refusal_of
from orchestrator.files.yaml_text import (
    A_LINE,
    LONGEST_NUMBER,
    LONGEST_PATH,
    MIN_ALIASED_CHARACTERS,
    MOST_FOR_LINES,
    read_yaml,
)


class Swapped(type(Path())):  # type: ignore[misc]
    """A file that becomes a pipe right after it was looked at."""

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        found = os.stat(self)
        os.unlink(self)
        os.mkfifo(self)
        return found


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InvalidInput, match="larger than 1 MiB"):
        read_text(path, "plan", 1 << 20)


def test_what_was_opened_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("a: 1")
    with pytest.raises(InvalidInput, match="it is a pipe; expected a file"):
        read_text(Swapped(path), "plan", 1 << 20)


def test_a_long_text_may_be_meant_more_often() -> None:
    length = MIN_ALIASED_CHARACTERS // 13
    found = read_yaml("a: &a " + "x" * length + "\nb: [" + ", ".join(["*a"] * 14) + "]", "plan")
    assert [len(text) for text in found["b"]] == [length] * 14


TAG = "%TAG !a! x\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TAG + "---\na: 1\n", 1),
        ("\ufeff" + TAG + "---\na: 1\n", 1),
        ("# x\n%YAML 1.2\n" + TAG + "---\na: 1\n", 3),
        ("%YAML 1.1\n%YAML 1.1\n---\na: 1\n", 2),
        ("%YAML 9.9\n---\na: 1\n", 1),
        ("%OTHER\n---\na: 1\n", 1),
        ("a: 1\n" + TAG + "---\nb: 1\n", 2),
        ("a: 1\n...\n" + TAG + "---\nb: 1\n", 3),
        *((f"a: 1{end}" + TAG, 2) for end in ("\r", "\r\n", "\x85", "\u2028", "\u2029")),
        # Also where it is text, which may be indented just as well.
        ("a: 'x\n%y'\n", 2),
    ],
)
def test_directives_are_refused_before_libyaml_compares_them(text: str, line: int) -> None:
    with pytest.raises(InvalidInput, match=f"plan: line {line}: begins with %"):
        read_yaml(text, "plan")


@pytest.mark.parametrize("version", ["%YAML 1.1", "%YAML 1.2 ", "# x\n\n%YAML\t1.2 # y", "\ufeff%YAML 1.1\r"])
def test_a_version_may_be_said(version: str) -> None:
    assert read_yaml(version + "\n---\na: '%\n  % %'\nb: 5%\n", "plan") == {"a": "% % %", "b": "5%"}


@pytest.mark.parametrize("start", ["a: x", "b: 1\na: 'x", "b: 1\n\na: x" + " y" * 3000, "a: |\n  x"])
@pytest.mark.parametrize("blank", [" ", "\t", "\n", " \n", "\r", "\x85", "\u2028\n"])
def test_white_space_that_libyaml_fills_with_zeros_is_bounded(start: str, blank: str) -> None:
    end = "  y'" if "'" in start else "  y"
    fits = blank * ((MAX_BLANK - 2) // len(blank))
    assert refusal_of(start + fits + end) is None
    assert refusal_of((start + fits + end) * 50) is None
    line = 1 + start.count("\n")
    with pytest.raises(InvalidInput, match=f"plan: line {line}: more than {MAX_BLANK} characters of white space"):
        read_yaml(start + blank * (MAX_BLANK // len(blank) + 1) + end, "plan")
    assert refusal_of(start + "\xa0" * 10 * MAX_BLANK) is None, "text to YAML"


def test_a_text_of_nothing_but_small_values_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "FREE_EVENTS", 20)
    with pytest.raises(InvalidInput, match="line 1, column 48: more than 25 values, keys and brackets, too many"):
        read_yaml("[" + "x," * 50 + "]", "plan")
    with pytest.raises(InvalidInput, match="more than 20 values"):
        read_yaml("-\n" * 20, "plan")
    assert read_yaml("- xy\n" * 50, "plan") == ["xy"] * 50
    assert read_yaml("[" + "x," * 10 + "]", "plan") == ["x"] * 10


def test_a_key_given_twice_is_found_in_one_pass() -> None:
    # With a pass a key this takes minutes.
    text = "{" + ",".join(f'"k{number}":1' for number in range(200_000)) + ',"k199999":2}'
    with pytest.raises(JsonMistake, match="the key 'k199999' is given twice"):
        parse_json(text)


def test_long_texts_are_not_kept() -> None:
    text = "x" * (LONGEST_NUMBER + 1)
    before = yaml_text._short.cache_info().currsize
    assert read_yaml(f"- {text}\n- {text}y\n", "plan") == [text, text + "y"]
    assert yaml_text._short.cache_info().currsize == before
    before = naming._snake_case.cache_info().currsize
    assert naming.snake_case("xY" * 1000) == "x_" + "yx_" * 999 + "y"
    assert naming._snake_case.cache_info().currsize == before


def test_lines_are_kept_within_a_bound() -> None:
    lines: dict[str, int] = {}
    key = "k" * (LONGEST_PATH + 1)
    deep = "".join(f"{' ' * depth}{'d' * 100}:\n" for depth in range(60))
    read_yaml(f'? "{key}"\n:\n a: 1\nb: {{c: 1}}\n{deep}{" " * 60}e: 1\n', "x", lines)
    assert (lines["b"], lines["b.c"]) == (4, 4)
    assert max(map(len, lines)) <= LONGEST_PATH + 1
    read_yaml("".join(f"a{number}: 1\n" for number in range(MOST_FOR_LINES // A_LINE * 2)), "x", lines)
    assert sum(len(path) + A_LINE for path in lines) < MOST_FOR_LINES * 1.1
