from __future__ import annotations

import pytest
from pydantic import JsonValue

from steps import encode_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ('{"a": 1}', '{"a": 1}'),
        (42, "42"),
        (True, "true"),
        (None, "null"),
        ([1, "a", None], '[1,"a",null]'),
        ({"b": {"z": 1, "a": "ü€"}, "a": False}, '{"a":false,"b":{"a":"ü€","z":1}}'),
    ],
)
def test_strings_stay_and_the_rest_is_compact_sorted_json(value: JsonValue, text: str) -> None:
    assert encode_value(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_json_has_no_word_for_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_value(value)
