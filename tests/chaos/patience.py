"""Whoever asks behind a bad network asks again until answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis

from orchestrator.domain.errors import Unreachable

PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def patiently(call: Callable[[], T]) -> T:
    """What it answers; its last error after a minute without an answer, be it the product's or the Redis client's."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except (Unreachable, redis.ConnectionError, redis.TimeoutError):
            if time.monotonic() > ends_at:
                raise
            threading.Event().wait(0.1)
