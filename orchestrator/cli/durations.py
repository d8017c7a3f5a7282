"""How long, and how long ago, as people give it to a command: ``90m``, ``2h``, ``30d``."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem

_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def seconds_in(text: str) -> int | None:
    """Seconds of a whole number and ``s``, ``m``, ``h``, ``d`` or ``w``; None for any other text."""
    span = _SPAN.fullmatch(text)
    return None if span is None else int(span[1]) * _SECONDS[span[2]]


def seconds_of(text: str, option: str) -> float:
    """The same of an option's value. Raises ``InvalidInput``."""
    if (seconds := seconds_in(text)) is None:
        raise InvalidInput([Problem(option, text, "expected how long: a whole number and s, m, h, d or w, such as 2h")])
    return seconds
