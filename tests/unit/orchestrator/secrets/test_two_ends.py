"""What was cut in its middle shows neither end of a secret, in whatever notation; what else stands at dots stays."""

from __future__ import annotations

import html
import json
import reprlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.secrets.known import SHORTEST, KnownSecrets
from tests.unit.orchestrator.secrets.test_masked_text import WRITTEN, in_json
from tests.unit.orchestrator.secrets.test_wrapped import mime

TOKENS = ("ghp_R7kQ2mVx9LtB4nZs8WcY1aEd5HfJ6uPgT3oKqXwNvDyM0Gi", "pässw0rd/of\\the'db&=key", "s3cr3t-Pa55word-of-db")


def pydantic_says(given: Any) -> str:
    try:
        TypeAdapter(int).validate_python(given)
    except ValidationError as error:
        return str(error)
    raise AssertionError


CUTS: dict[str, Callable[[str], str]] = {
    "pydantic": pydantic_says,
    "pydantic, of a mapping": lambda token: pydantic_says({"error": {"code": 1, "given": f"Bearer {token}"}}),
    "reprlib": lambda token: reprlib.repr(token * 2),
    "brackets": lambda token: f"{token[:9]}[...]{token[-9:]}",
    "SQLAlchemy": lambda token: f"{token[:9]} ... (123 characters truncated) ... {token[-9:]}",
    "Node": lambda token: f"Unexpected token 'g', \"{token[:9]}\"... is not valid JSON",
    "Node, at the end": lambda token: f"Unexpected token 'g', ...\"{token[-12:]}\" is not valid JSON",
    "Node in JSON in HTML": lambda token: html.escape(json.dumps(f"got '{token[:9]}'... 34 more characters")),
    "Go": lambda token: f"{json.dumps(token[:9])}... `{token[:9]}`…",
    "PyYAML": lambda token: f"    ... {token[-9:]}: x\n     ^",
    "four dots": lambda token: f"{token[:9]}....{token[-9:]}",
    "base64": lambda token: f"...{mime(token)[8:]}",
    **{
        mark: lambda token, mark=mark: f"{token[:9]}{mark}{token[-9:]}"  # type: ignore[misc]
        for mark in (
            "&hellip;",
            "&#8230;",
            "&#x2026;",
            "%E2%80%A6",
            repr("…".encode())[2:-1],
            "…".encode().decode("cp1252"),
        )
    },
}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("cut", CUTS)
def test_neither_end_is_shown(cut: str, token: str) -> None:
    said = KnownSecrets().with_value(token).masked(CUTS[cut](token))
    assert "***" in said
    for written in (token, repr(token)[1:-1], repr(repr(token))[2:-2], mime(token)):
        pieces = {written[at : at + SHORTEST] for at in range(len(written) - SHORTEST + 1)}
        assert not [one for one in pieces if one in said], said


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("value", ['Zq8k&Tk<41>"mPw9\\xVb7e', "Zq8k\U0001f600\N{SNOWMAN}\U0001f600&<Tk41-xVb"])
def test_an_end_behind_a_cut_inside_an_escape_is_masked(written: str, value: str) -> None:
    known, write = KnownSecrets().with_value(value), WRITTEN[written]
    escaped, shown = write(value).rstrip('"\\'), write(value[-SHORTEST:]).strip('"\\')
    most = len(write(value[:6]))
    for begin in range(1, most, 1 + most // 40):
        said = known.masked(f"got: {'...' if begin % 3 else '…'}{escaped[begin:]} and more")
        assert "***" in said
        assert shown not in said, escaped[begin:]
        assert said.endswith(" and more")


def test_what_stands_beside_dots_and_is_no_part_stays() -> None:
    known = KnownSecrets().with_values(("abcdefghij", in_json("key"), "deadbeef-1234"))
    assert known.masked("an abcdef... or ...efghij; abc... ...hij") == "an ***... or ...***; abc... ...hij"
    for text in ("bcde... ..efghij abcd.. and", "...xefghij", "(a...b) 1...10 ...", "...cafe1234 ...42; 1234"):
        assert known.masked(text) == text


def test_a_word_before_a_quoted_value_that_was_cut_is_no_beginning_of_one() -> None:
    known = KnownSecrets().with_value("user:token")
    for text in ('login --user="..."', "--user='…'", "user=`...`", json.dumps('user="..."'), "user=&quot;...&quot;"):
        assert known.masked(text) == text
    assert known.masked('"user"... "user:"... user=... user=3A"...') == '"***... "***... ***... ***...'
    assert KnownSecrets().with_value("user=token").masked('"user="... ') == '"***... '
    # What was quoted and then cut is no such word: of base64 it may be the end.
    known = KnownSecrets().with_value("hunter2W-9876-abcd")
    for quote in ('"', "'", "`", '\\"'):
        assert known.masked(f"said {quote}aHVudGVyMlc={quote}... ok") == f"said {quote}***... ok"


@pytest.mark.parametrize("piece", ["...abc", "[…]1234", "...cafecafe1234"])
def test_many_cuts_and_long_ends_are_masked_in_time_that_grows_with_them(piece: str) -> None:
    known = KnownSecrets().with_values(("x1234" * 10_000, *(f"secret-{number:06}-value" for number in range(300))))
    known.masked(piece * 10_000)
    known.masked("..." + piece.strip(".…[]") * 10_000)
