"""A message loses the value that it quotes, and none of its own words."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.secrets.quoted import MOST_TEXTS, Unquoted

TOLD: list[tuple[Any, str, str]] = [
    ("hunter2W", "unknown region 'hunter2W'", "unknown region '***'"),
    ("hunter2W", "isn't 'hunter2W', is it?", "isn't '***', is it?"),
    ("hunter2W", "unknown region hunter2W.", "unknown region ***."),
    ("it's", 'no such "it\'s"', 'no such "***"'),
    ("abcdefghijklmnopqrstuvwxyz", "wrong from 'abcdefghijklmnopqrst' on", "wrong from '***' on"),
    ("x" * 300, f"no such '{'x' * 200}…'", "no such '***'"),
    ("x" * 300, f"no such {'x' * 300}", "no such ***"),
    (["hunter2W", "a", 12345678], "unknown: ['hunter2W', 12345678]", "unknown: ['***', ***]"),
    ({"a": ["hunter2W", {"b": "hunter2W-2"}]}, "no hunter2W-2 for 'hunter2W'", "no *** for '***'"),
    (["12"], "'12' is no pin", "is refused, for a reason that quotes the value"),
    ([*map(str, range(MOST_TEXTS + 1))], "one is wrong", "is refused, for a reason that quotes the value"),
    (12345678, "PIN 12345678 is none", "PIN *** is none"),
    (2**80, f"unknown: {2**80}", "unknown: ***"),
    ([10**5_000], "unknown: a large number", "unknown: a large number"),
    ("12", "'12' is no pin", "is refused, for a reason that quotes the value"),
    ("e", "expected a number", "expected a number"),
    ("http", "expected 'tcp' or 'http-get', not http", "expected 'tcp' or 'http-get', not http"),
    ("", "its scheme is ''", "its scheme is ''"),
    (None, "expected 'None'", "expected 'None'"),
]


@pytest.mark.parametrize(("value", "message", "told"), TOLD)
def test_a_message_is_told_without_the_value(value: Any, message: str, told: str) -> None:
    assert Unquoted(value).told(message) == told
