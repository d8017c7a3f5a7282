"""What stands in the place of a name that is wrong, so that the rest can be looked at."""

from __future__ import annotations

from typing import Final

MADE_UP: Final = "\0"
"""Begins it: no name that is right has this character."""


def is_made_up(name: object) -> bool:
    """Whether a name stands in the place of a wrong one."""
    return isinstance(name, str) and name.startswith(MADE_UP)
