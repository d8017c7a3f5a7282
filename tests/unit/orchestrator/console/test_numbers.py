"""Numbers that callers spell."""

from __future__ import annotations

import pytest

from orchestrator.console.numbers import spelled_decimal, spelled_whole
from orchestrator.domain.whole_numbers import HIGHEST

NONE = ("", " ", "x", "1_0", "\u0663", "\u00b2", "1e3", "+1", " 5 ", "0x5", "nan", "inf", "9" * 4301, "1\n")


@pytest.mark.parametrize("text", [*NONE, "-1", "1.5", str(HIGHEST + 1)])
def test_what_spells_no_spelled_whole(text: str) -> None:
    assert spelled_whole(text) is None


@pytest.mark.parametrize("text", [*NONE, "1.", ".5", "1.2.3"])
def test_what_spells_no_number(text: str) -> None:
    assert spelled_decimal(text) is None


def test_numbers() -> None:
    assert [spelled_whole(text) for text in ("0", "007", str(HIGHEST))] == [0, 7, HIGHEST]
    assert [spelled_decimal(text) for text in ("10", "1.5", "-1")] == [10, 1.5, -1]
