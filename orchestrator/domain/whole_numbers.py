"""Whole numbers as callers give them: how many rows, from which position or event on."""

from __future__ import annotations

from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem

HIGHEST: Final = 2**62
"""No number of an event, a position or a size is above it; Redis knows none above twice that."""


def whole_problems(name: str, value: object, lowest: int = 0, highest: int = HIGHEST) -> list[Problem]:
    """What is wrong with the value, if anything: Redis would refuse it in words of its own, or take another one."""
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return []
    return [Problem(name, value, f"expected a whole number from {lowest} to {highest}")]


def require_whole(name: str, value: object, lowest: int = 0, highest: int = HIGHEST) -> None:
    """Raises ``InvalidInput`` for what is no whole number between these."""
    if problems := whole_problems(name, value, lowest, highest):
        raise InvalidInput(problems)
