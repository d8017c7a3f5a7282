"""What the ledger holds is read in bounds: nothing that passes is too deep, too large or no text for who uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.domain.stored_json import (
    MOST_CHARACTERS,
    MOST_DEPTH,
    DamagedJson,
    TooLong,
    as_json_words,
    as_stored,
    counted_number,
    read_stored,
)
from orchestrator.ledger.stored_forms import PLAN_FORMS, wrong_with_list, wrong_with_object


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[" * MOST_DEPTH + "]" * MOST_DEPTH, None),
        (json.dumps(["[{" * MOST_DEPTH]), ["[{" * MOST_DEPTH]),
        (json.dumps([[]] * 1000), [[]] * 1000),
        ('{"a": 1e308, "b": -1.5, "c": 12345678901234567890}', {"a": 1e308, "b": -1.5, "c": 12345678901234567890}),
        ('"\\ud83d\\ude00 \\u00e9"', "\N{GRINNING FACE} \N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("9" * 300, int("9" * 300)),
    ],
    ids=["deep", "brackets in a text", "wide", "numbers", "a pair", "long"],
)
def test_what_can_be_gone_by(text: str, value: object) -> None:
    assert read_stored(text) == (json.loads(text) if value is None else value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("garbage", "is no JSON"),
        ("1e999", "'1e999' is no number"),
        ('{"a": [-1e999]}', "'-1e999' is no number"),
        ("NaN", "'NaN' is no number"),
        ("[-Infinity]", "'-Infinity' is no number"),
        ("9" * 301, "is no number"),
        ("9" * 5000, "is no number"),
        ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "nested more than 200"),
        ('{"a":' * 201 + "1" + "}" * 201, "nested more than 200"),
        ("[" * 100_000, "nested more than 200"),
        ('"\\ud800"', "is no JSON"),
        ('{"\\uDFFF": 1}', "is no JSON"),
        (" " * (MOST_CHARACTERS + 1), "expected at most"),
    ],
)
def test_what_cannot(text: str, said: str) -> None:
    with pytest.raises(DamagedJson, match=said) as raised:
        read_stored(text)
    assert len(str(raised.value)) < 150


def test_what_is_too_long_is_not_made_whole_before_it_is_refused() -> None:
    class Counted(dict[str, int]):
        asked = 0

        def items(self) -> Any:
            Counted.asked += 1
            return super().items()

    with pytest.raises(TooLong, match=r"^more than 100 characters$"):
        as_stored([Counted(a=1)] * 1000, 100)
    assert Counted.asked < 30


@pytest.mark.parametrize(
    ("value", "kept"),
    [((1, [2.5, None]), [1, [2.5, None]]), ({1: True, "a": "é"}, {"1": True, "a": "é"}), ("x" * 98, "x" * 98)],
)
def test_a_value_is_as_it_is_read_again(value: object, kept: object) -> None:
    assert as_stored(value, 100) == kept


def test_a_number_of_a_record_is_one_that_is_counted_to() -> None:
    for text, number in (("0", 0), ("17", 17), ("9" * 15, int("9" * 15))):
        assert counted_number(text) == number
    for wrong in (None, "", "-1", "1.5", "1e3", "\N{SUPERSCRIPT TWO}", "\N{FULLWIDTH DIGIT ONE}", "9" * 16, "9" * 5000):
        assert counted_number(wrong) is None


def test_what_is_wrong_inside_is_told() -> None:
    deep = "[" * 900 + "]" * 900
    sound = '{"operation": "pause", "actor": "a", "reason": "r", "at": 1, "zz": %s}'
    for text, said in (("1e999", "'1e999' is no number"), (deep, "nested more than 200 levels deep")):
        told = wrong_with_object("lastOperation", sound % text, PLAN_FORMS["lastOperation"])
        assert told.startswith(f"its lastOperation cannot be worked with: {said}")
    assert wrong_with_list("moved", f"[{deep}]", 0).startswith("its moved[0] is [[[")
    assert as_json_words(json.loads(deep)) in (deep, "{...}")
