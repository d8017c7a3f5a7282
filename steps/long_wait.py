"""Waits longer than a worker may put a poll off: cut into parts, what is left kept in the step's state.

The parts are counted down rather than compared with a deadline, so that the clocks of two workers need not agree; a
turn never comes early, so the whole is never shorter than asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from steps.contract import MAX_POLL_SECONDS, PollAgain

_LEFT = "waitSecondsLeft"


def begin_wait(seconds: float, note: str, state: Mapping[str, JsonValue]) -> PollAgain:
    """Wait ``seconds`` with this state; ``waiting`` says at the next attempts whether it goes on."""
    part = min(seconds, MAX_POLL_SECONDS)
    return PollAgain(part, note, {**state, _LEFT: max(seconds - part, 0.0)})


def waiting(state: Mapping[str, JsonValue], note: str) -> PollAgain | None:
    """The next part of a wait under way, or None when there is none, or it is over."""
    left = state.get(_LEFT)
    if not isinstance(left, int | float) or left <= 0:
        return None
    return begin_wait(float(left), note, state)
