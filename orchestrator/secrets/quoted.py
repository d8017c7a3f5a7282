"""A message about a value, told without the value."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.secrets.known import MASK, SHORTEST

_CERTAIN: Final = 8
"""Characters that two texts have in common by no chance."""
_QUOTED: Final = re.compile(r"(?<!\w)([\"'`])((?:(?!\1)[^\\]|\\.)*)\1(?!\w)", re.DOTALL)


def without_quoted(message: str, value: object) -> str:
    """The message with the mask where it quotes the value, or a part of it. Its own words stay whole, whatever they
    have in common with the value (``http``, ``a``); one that quotes what is too short to be told from them is not
    told."""
    said = str(value).removesuffix("…") if isinstance(value, str | int | float) else ""
    if 0 < len(said) < SHORTEST and any(one[2] == said for one in _QUOTED.finditer(message)):
        return "is refused, for a reason that quotes the value"
    if len(said) >= _CERTAIN:
        message = re.sub(rf"(?<!\w){re.escape(said)}(?!\w)", MASK, message)
    return _QUOTED.sub(lambda one: f"{one[1]}{MASK}{one[1]}" if _tells(one[2], said) else one[0], message)


def _tells(quoted: str, value: str) -> bool:
    quoted = quoted.removesuffix("…").lower()
    for form in (value.lower(), repr(value)[1:-1].lower()):
        shorter = min(len(quoted), len(form))
        if shorter >= (SHORTEST if quoted == form else _CERTAIN) and (quoted in form or form in quoted):
            return True
    return False
