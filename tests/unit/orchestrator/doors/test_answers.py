"""What a console sends is read as what it should be, and whatever else it is, is one error of ours."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from orchestrator.control.answers import PlanSummary
from orchestrator.domain.errors import NotFound
from orchestrator.doors.remote.answers import (
    json_document,
    lines_of,
    mappings,
    member_of,
    model_of,
    read_all,
    text,
    whole_number,
)
from orchestrator.doors.remote.errors import ConsoleFailed, error_of


def in_pieces(*pieces: bytes) -> httpx.Response:
    def sent() -> Iterator[bytes]:
        yield from pieces

    return httpx.Response(200, content=sent())


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ((), []),
        ((b"a\nb\n",), [b"a", b"b"]),
        ((b"a", b"b\nc", b"\n"), [b"ab", b"c"]),
        ((b"a\r\nb",), [b"a", b"b"]),
        ((b'{"x": "\xe2\x80\xa8"}\n',), [b'{"x": "\xe2\x80\xa8"}']),
        ((b"\n\n",), [b"", b""]),
    ],
)
def test_lines_come_whole_however_they_were_sent(pieces: tuple[bytes, ...], lines: list[bytes]) -> None:
    assert list(lines_of(in_pieces(*pieces))) == lines


def test_no_more_is_held_than_the_bound() -> None:
    assert read_all(in_pieces(b"12345", b"67890"), 10) == b"1234567890"
    with pytest.raises(ConsoleFailed, match="larger than 9 bytes"):
        read_all(in_pieces(b"12345", b"67890"), 9)
    # Of a line, not of all of them.
    assert list(lines_of(in_pieces(b"1234\n", b"5678\n"), 4)) == [b"1234", b"5678"]
    with pytest.raises(ConsoleFailed, match="longer than 4 bytes"):
        list(lines_of(in_pieces(b"123", b"45"), 4))


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'"x"', b"[" * 100_000])
def test_what_is_no_mapping_of_json_is_no_console(content: bytes) -> None:
    with pytest.raises(ConsoleFailed, match="it is no console"):
        json_document(content)


def test_members_are_what_they_should_be() -> None:
    found = {"name": "x", "many": 3, "rows": [{"a": 1}]}
    assert member_of(found, "name", text) == "x"
    assert member_of(found, "many", whole_number) == 3
    assert member_of(found, "rows", mappings) == [{"a": 1}]
    for name, wrong in (("name", 5), ("many", True), ("many", "3"), ("rows", [1]), ("rows", {})):
        read = {"name": text, "many": whole_number, "rows": mappings}[name]
        with pytest.raises(ConsoleFailed, match=f"{name} cannot be "):
            member_of({name: wrong}, name, read)
    with pytest.raises(ConsoleFailed, match="name cannot be nothing"):
        member_of({}, "name", text)
    with pytest.raises(ConsoleFailed, match="is no PlanSummary: planId"):
        model_of(PlanSummary, {})


def test_a_problem_is_the_error_that_it_was_on_the_other_side() -> None:
    error = error_of(404, {"code": NotFound.code, "detail": "no plan 'p'"}, "http://x")
    assert isinstance(error, NotFound)
    assert "no plan 'p'" in str(error)
