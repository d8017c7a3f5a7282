from __future__ import annotations

import email.utils
from typing import Any

import pytest

from steps import MAX_POLL_SECONDS, Done, HttpAnswer, PollAgain, RetryParameters, Wait, WaitParameters
from steps.http.retry import RETRY_AFTER_LIMIT_SECONDS, later
from tests.support.step_context import context


@pytest.mark.parametrize("seconds", [0, 0.5, 1800, 1800.5, 86_400])
def test_a_wait_is_never_shorter_than_asked_for(seconds: float) -> None:
    state: Any = {}
    waited: list[float] = []
    outcome = Wait().run(WaitParameters(seconds=seconds), context(state=state))
    while isinstance(outcome, PollAgain):
        waited.append(outcome.after_seconds)
        outcome = Wait().run(WaitParameters(seconds=seconds), context(attempt=len(waited) + 1, state=outcome.state))
    assert outcome == Done({"seconds": seconds})
    assert sum(waited) == pytest.approx(seconds)
    assert all(0 < part <= MAX_POLL_SECONDS for part in waited)


def delay(sent: int, headers: dict[str, str] | None = None, **given: Any) -> float:
    retry = RetryParameters.model_validate({"jitter_seconds": 0, **given})
    again = later(retry, sent, HttpAnswer("r", 503, b"", None, headers or {}), "busy")
    assert again is not None
    left = again.state["waitSecondsLeft"]
    assert isinstance(left, float)
    return again.after_seconds + left


def test_delays_grow_up_to_a_bound() -> None:
    assert [delay(n, max_attempts=9) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [delay(n, backoff_seconds=0.1, backoff_factor=1) for n in (1, 2)] == pytest.approx([0.1, 0.1])
    assert 1 <= delay(1, jitter_seconds=5) <= 6


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 1), (" 7 ", 7), ("99999999999999", RETRY_AFTER_LIMIT_SECONDS), ("-5", 1), ("soon", 1), ("", 1),
     ("1.5", 1), ("²", 1)],
)  # fmt: skip
def test_retry_after(text: str, seconds: float) -> None:
    assert delay(1, {"retry-after": text}) == seconds


def test_retry_after_as_a_date_goes_by_the_servers_clock() -> None:
    headers = {"date": email.utils.formatdate(1_000_000, usegmt=True)}
    assert delay(1, headers | {"retry-after": email.utils.formatdate(1_000_090, usegmt=True)}) == 90
    assert delay(1, headers | {"retry-after": email.utils.formatdate(999_000, usegmt=True)}) == 1


def test_enough_is_enough() -> None:
    assert later(RetryParameters(max_attempts=2), 2, HttpAnswer("r", 503, b"", None), "busy") is None
