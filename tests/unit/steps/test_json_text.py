"""JSON that somebody else sent."""

from __future__ import annotations

import pytest

from steps import HttpAnswer
from steps.http.answer import NotJson, outputs, read_json
from steps.instances.health_matrix import InstanceState
from steps.instances.health_verdict import read
from steps.json_values import read_json_text

LONE = [
    b'{"version": "42", "a": "\\ud800"}',
    b'{"version": "42", "\\uDFFF": 1}',
    b'{"version": "42", "a": ["\\ud800x"]}',
    b'{"version": "42", "a": "\xed\xa0\x80"}',
]


@pytest.mark.parametrize("body", LONE)
def test_half_a_surrogate_pair_is_a_bad_answer(body: bytes) -> None:
    answer = HttpAnswer("gw", 200, body, None)
    with pytest.raises(NotJson, match="did not answer JSON"):
        read_json(answer)
    assert "json" not in outputs(answer)
    reading = read(answer, "version", "42", None)
    assert reading.state is InstanceState.BAD_ANSWER
    reading.said.encode()


def test_a_whole_pair_is_text() -> None:
    assert read_json_text(b'["\\ud83d\\ude00", "\\u00e4", 1]') == ["\N{GRINNING FACE}", "ä", 1]


def test_nested_too_deeply() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json_text(b"[" * 100_000)
