"""What a text quotes: as one pattern says it, which costs the square of the text's length."""

from __future__ import annotations

import random
import re

from orchestrator.secrets.quotations import quotations, requoted

QUOTED = re.compile(r"(?<!\w)([\"'`])((?:(?!\1)[^\\]|\\.)*)\1(?!\w)", re.DOTALL)


def test_it_is_what_the_pattern_finds() -> None:
    draw = random.Random(10)
    for length in range(40):
        for _ in range(100):
            text = "".join(draw.choices("\"\"''`\\\\a_é \n", k=length))
            assert [tuple(one) for one in quotations(text)] == [
                (one.start(), one[1], one[2]) for one in QUOTED.finditer(text)
            ], text
            assert requoted(text, str.upper) == QUOTED.sub(lambda one: f"{one[1]}{one[2].upper()}{one[1]}", text)


def test_what_opens_and_is_not_closed_is_passed_once() -> None:
    """The pattern looks to the end from each, for hours: this test's time would be out."""
    assert list(quotations('"\\' * 200_000 + '"x')) == []
