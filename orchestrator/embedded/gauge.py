"""Hears a child's pulse over a pipe, and says when it has been silent for too long."""

from __future__ import annotations

import contextlib
import os
from typing import Final

LOOKS: Final = 6
"""In a row without a beat, and a child is frozen."""

LOOKS_AT_START: Final = 24
"""The same before its first beat: it may have a large installation to load."""


class Gauge:
    """One start of one child. Looks are counted, not time: when everything was stopped, the supervisor too, nobody is
    frozen at the first look after it.
    """

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe()
        # A child must never wait for its supervisor, nor the other way round.
        os.set_blocking(self._read_end, False)
        os.set_blocking(self.write_end, False)
        self._silent = 0
        self._has_beaten = False

    def close_write_end(self) -> None:
        """The child has its own now."""
        os.close(self.write_end)

    def close(self) -> None:
        """The child has ended."""
        os.close(self._read_end)

    def is_frozen(self) -> bool:
        """One look: whether there were too many without a beat."""
        if self._has_beat():
            self._silent = 0
            self._has_beaten = True
        else:
            self._silent += 1
        return self._silent >= (LOOKS if self._has_beaten else LOOKS_AT_START)

    def _has_beat(self) -> bool:
        found = False
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read_end, 4096):
                found = True
        return found
