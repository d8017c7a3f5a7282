"""Waiting for a condition, with a deadline, where there is no event to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

ASKED_EVERY_SECONDS = 0.02


def wait_until(condition: Callable[[], T], seconds: float = 30.0, message: str = "") -> T:
    """The first truthy value of ``condition``; ``AssertionError`` with ``message`` when ``seconds`` have passed."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(message or f"not within {seconds:g} s: {condition}")
        time.sleep(ASKED_EVERY_SECONDS)
    return value
