"""Whoever asks behind a bad network asks again until answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from orchestrator.domain.errors import Unreachable

PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def patiently(call: Callable[[], T]) -> T:
    """What it answers; raises ``Unreachable`` after a minute without an answer."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except Unreachable:
            if time.monotonic() > ends_at:
                raise
            threading.Event().wait(0.1)
