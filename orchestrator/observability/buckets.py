"""The buckets of every histogram: powers of two in ms, in Python as in ``scripts/includes/counters.lua``."""

from __future__ import annotations

from typing import Final

FIRST_POWER: Final = 3
LAST_POWER: Final = 22
"""From 8 ms to 4194 s; what is longer is stored under the next power, and shown in ``+Inf`` alone."""


def power_of(milliseconds: int) -> int:
    """The power under which a duration is counted."""
    return min(max((milliseconds - 1).bit_length() if milliseconds > 0 else 0, FIRST_POWER), LAST_POWER + 1)
