"""What an answer of an HTTP gate means, a body that nobody can use included."""

from __future__ import annotations

import pytest

from steps.contract import HttpAnswer
from workers.looks import judged

BAD = "answered with more than 1048576 bytes"


@pytest.mark.parametrize(
    ("status", "error", "meant"),
    [
        (200, None, "yes"),
        (200, BAD, "not yet"),
        (202, None, "not yet"),
        (202, BAD, "not yet"),
        (204, None, "no"),
        (403, None, "no"),
        (403, BAD, "no"),
        (503, BAD, "no"),
        (None, "timed out after 10 s", "not yet"),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_yes(status: int | None, error: str | None, meant: str) -> None:
    verdict, words = judged(HttpAnswer("gate", status, b"", error))
    assert verdict == meant
    assert (str(status) if status else "timed out") in words
    assert (BAD in words) == (error == BAD and status in (200, 202))


@pytest.mark.parametrize("status", [200, None])
@pytest.mark.parametrize("refused", [False, True])
def test_what_is_wrong_with_an_answer_is_told_in_bounds(status: int | None, refused: bool) -> None:
    assert len(judged(HttpAnswer("gate", status, b"", "x" * 1_000_000, refused=refused))[1]) < 300


def test_a_gate_that_may_not_be_asked_says_no() -> None:
    assert judged(HttpAnswer("gate", None, b"", "host h is not allowed", refused=True)) == (
        "no",
        "host h is not allowed",
    )
