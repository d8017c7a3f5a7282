"""When something is due, judged without a word on how long a test takes: by the clock before it was done, and after."""

from __future__ import annotations

from collections.abc import Callable


class Since:
    """Made before what sets the moment is done; ``now_ms`` is the clock that the moment is of."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._before = now_ms()

    def waits(self, due_ms: float | None, wait_ms: float) -> bool:
        """Whether it was set, at some time since, to be due ``wait_ms`` later."""
        return due_ms is not None and self._before + wait_ms <= due_ms <= self._now_ms() + wait_ms
