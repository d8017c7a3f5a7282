"""When one request is sent again: for connect errors, 429 and 5xx, later and later, and never before the server says.

tenacity computes the delays; the waiting itself is the worker's (``PollAgain``), which holds no slot for it. The
count of requests is kept in the step's state.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue
from tenacity import RetryCallState, Retrying, wait_exponential, wait_random

from steps.contract import HttpAnswer, PollAgain, StepParameters
from steps.long_wait import begin_wait

RETRY_AFTER_LIMIT_SECONDS = 86_400.0
"""A server that asks for more than a day is given a day."""

_SENT = "requestsSent"
_Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class RetryParameters(StepParameters):
    """``max_attempts`` requests in all; the delay begins at ``backoff_seconds`` and grows by ``backoff_factor`` up to
    ``max_backoff_seconds``, each with up to ``jitter_seconds`` more, so that many tenants do not come back at once.
    """

    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 5
    backoff_seconds: _Seconds = 1.0
    backoff_factor: Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)] = 2.0
    max_backoff_seconds: _Seconds = 60.0
    jitter_seconds: _Seconds = 1.0


def is_transient(answer: HttpAnswer) -> bool:
    """Whether the same request may fare better later: nothing came, or 429, or 5xx."""
    if answer.refused:
        return False
    return answer.status is None or answer.status == 429 or 500 <= answer.status <= 599


def count_sent(state: Mapping[str, JsonValue]) -> int:
    """How many requests earlier attempts have sent."""
    sent = state.get(_SENT)
    return sent if isinstance(sent, int) else 0


def later(retry: RetryParameters, sent: int, answer: HttpAnswer, what: str) -> PollAgain | None:
    """When to send again after ``sent`` requests, or None when there were enough."""
    if sent >= retry.max_attempts:
        return None
    seconds = max(back_off(retry, sent), retry_after_seconds(answer))
    note = f"request {sent} of {retry.max_attempts}: {what}; again in {seconds:.3g} s"
    return begin_wait(seconds, note, {_SENT: sent})


def back_off(retry: RetryParameters, sent: int) -> float:
    """Seconds to wait after so many requests."""
    growing = wait_exponential(
        multiplier=retry.backoff_seconds, exp_base=retry.backoff_factor, max=retry.max_backoff_seconds
    )
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = sent
    return (growing + wait_random(0, retry.jitter_seconds))(state)


def retry_after_seconds(answer: HttpAnswer) -> float:
    """What the server asks for, in seconds or as a date; 0 when it asks for nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            # Against the server's own clock where it tells it, so that ours need not be right.
            seconds = _moment(text) - (_moment(answer.headers["date"]) if "date" in answer.headers else time.time())
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT_SECONDS)


def _moment(text: str) -> float:
    return email.utils.parsedate_to_datetime(text).timestamp()
