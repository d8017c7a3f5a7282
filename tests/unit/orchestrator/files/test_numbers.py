"""Numbers in plan files: what looks like one and is none is text, what no program can hold is one clear error."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.yaml_text import read_yaml


@pytest.mark.parametrize(
    "text", ["0x_", "0b_", "0o_", "0x__", "0x", "0b2", "0o8", "_1", "._", "1e_", "-0x1", ".nan", ".inf"]
)
def test_what_looks_like_a_number_and_is_none_is_text(text: str) -> None:
    assert read_yaml(f"a: {text}", "plan") == {"a": text}
    assert read_yaml(f"{text}: a", "plan") == {text: "a"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x_f", 15), ("0xf_f", 255), ("0b_1", 1), ("0o1_7", 15), ("1_000", 1000), ("1_", 1), ("1__0.5", 10.5),
     ("9" * 299, int("9" * 299)), ("9" * 301, "9" * 301), ("0x" + "f" * 298, int("f" * 298, 16)), ("1e999", math.inf)],
)  # fmt: skip
def test_numbers_of_yaml(text: str, value: Any) -> None:
    assert read_yaml(f"a: {text}", "plan") == {"a": value}


def test_a_number_too_long_for_json_is_named_in_our_words() -> None:
    digits = sys.get_int_max_str_digits()
    assert parse_json("9" * digits) == int("9" * digits)
    with pytest.raises(JsonMistake) as error:
        parse_json('{"a": ' + "9" * (digits + 1) + "}")
    assert str(error.value) == f"not valid JSON: a number of more than {digits} digits"
