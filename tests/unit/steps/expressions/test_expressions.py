from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from steps import NotThere, check_expression, find, holds
from steps.expressions.json_path import parse_path
from steps.expressions.source_cache import SourceCache

ANSWER: JsonValue = {"code": 0, "data": {"failList": [], "items": [1, 2, 3]}, "state": "ready"}


@pytest.mark.parametrize(
    "source",
    ["code == 0", "code == 0 and not data.failList", "data['items'] | length >= 3", "state in ['ready', 'done']",
     "answer.code == 0", "http_status == 200", "not (data.gone | default([]))"],
)  # fmt: skip
def test_what_holds(source: str) -> None:
    assert holds(source, ANSWER, 200) == holds("true", ANSWER, 200)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("code == 1", ""),
        ("not data.failLsit", "the name 'failLsit' is undefined; did you mean 'failList'?"),
        ("data.failList.x.y", "the name 'x' is undefined"),
        ("code / 0", "the expression fails: ZeroDivisionError: division by zero"),
        ("answer.__class__", "not allowed"),
        ("().__class__.__bases__", "not allowed"),
        ("'x' * 1000000", "the expression gives a result that is longer than"),
        ("range(100000)", "a range of more than"),
    ],
)
def test_what_does_not(source: str, reason: str) -> None:
    judged = holds(source, ANSWER, 200)
    assert not judged.holds
    assert reason in judged.reason


@pytest.mark.parametrize(
    "source", ["code ==", "{% set x = 1 %}", "a" * 3000, "(" * 1000, "x | nofilter", "{{ code }} }}"]
)
def test_what_does_not_compile(source: str) -> None:
    with pytest.raises(ValueError, match=r"expression|not allowed"):
        check_expression(source)


def test_the_answers_own_members_go_first() -> None:
    assert holds("answer == 'mine'", {"answer": "mine"}, 200).holds
    assert holds("answer[1] == 2", [1, 2], 200).holds


@pytest.mark.parametrize(
    ("path", "value"),
    [("$", {"a": {"b c": [7]}}), ("$.a['b c'][0]", 7), ('$["a"]', {"b c": [7]}), ("a", {"b c": [7]})],
)
def test_paths(path: str, value: Any) -> None:
    assert find({"a": {"b c": [7]}}, path) == value


@pytest.mark.parametrize(
    ("path", "message"),
    [("$.b", "$ has no key 'b'"), ("$.a[0]", "$.a is no list"), ("$.l[3]", "$.l has only 1 items"),
     ("$.l.x", "$.l is no object")],
)  # fmt: skip
def test_paths_that_lead_nowhere(path: str, message: str) -> None:
    with pytest.raises(NotThere) as caught:
        find({"a": {}, "l": [1]}, path)
    assert str(caught.value) == message


def test_a_path_has_a_length() -> None:
    assert len(parse_path("$" + ".a" * 499)) == 499
    with pytest.raises(ValueError, match="a path of more than 1000 characters"):
        parse_path("$" + ".a" * 500)


def test_what_was_compiled_is_kept_by_size_and_not_by_number() -> None:
    made: list[str] = []

    def make(source: str) -> int:
        made.append(source)
        return len(source)

    cache = SourceCache(make, characters=1_000)
    short = [f"s{n}" for n in range(4)]
    assert [cache.get(source) for source in short * 2] == [2] * 8
    assert made == short
    # The longest leaves room for one short one, the one used last.
    cache.get("s1")
    cache.get("x" * 550)
    made.clear()
    for source in ("x" * 550, "s1", "s0"):
        cache.get(source)
    assert made == ["s0"]
