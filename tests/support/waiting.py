"""Waiting for a condition with a deadline: no test sleeps for a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 30.0, message: str = "") -> T:
    """The condition's value as soon as it is truthy; fails with the message after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(message or f"not so within {seconds} s: {condition}")
        time.sleep(0.02)
    return value
