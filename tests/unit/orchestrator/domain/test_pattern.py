from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.pattern import is_like

WORDS = st.text("ab*", max_size=8)


@given(st.text("ab", max_size=10), WORDS)
def test_a_star_is_any_run_of_characters(text: str, pattern: str) -> None:
    spelled = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert is_like(text, pattern) == bool(re.fullmatch(spelled, text))


@pytest.mark.parametrize("pattern", ["a?", "a.", "[ab]", "a%"])
def test_nothing_else_is_special(pattern: str) -> None:
    assert is_like(pattern, pattern)
    assert not is_like("ab", pattern)


def test_no_pattern_takes_long() -> None:
    assert not is_like("a" * 10_000, "*a" * 1000 + "*b")
