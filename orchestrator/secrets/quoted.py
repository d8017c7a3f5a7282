"""A message about a value, told without the value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from orchestrator.secrets.known import MASK, SHORTEST

MOST_TEXTS: Final = 1_000
"""A message about a list or mapping of more texts and numbers is not told: to look for them all takes too long."""

_CERTAIN: Final = 8
"""Characters that two texts have in common by no chance."""
_QUOTED: Final = re.compile(r"(?<!\w)([\"'`])((?:(?!\1)[^\\]|\\.)*)\1(?!\w)", re.DOTALL)


def without_quoted(message: str, value: Any) -> str:
    """The message with the mask where it quotes the value, or a part of it: of a list or mapping any text or number in
    it. Its own words stay whole, whatever they have in common with the value (``http``, ``a``); one that quotes what is
    too short to be told from them is not told."""
    texts = _texts_in(value)
    quoted = {one[2] for one in _QUOTED.finditer(message)}
    if len(texts) > MOST_TEXTS or any(0 < len(one) < SHORTEST and one in quoted for one in texts):
        return "is refused, for a reason that quotes the value"
    # The longest first: one may be part of another.
    for text in sorted(texts, key=len, reverse=True):
        if len(text) >= _CERTAIN and text in message:
            message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", MASK, message)
    forms = {form for text in texts for form in (text.lower(), repr(text)[1:-1].lower())}
    return _QUOTED.sub(lambda one: f"{one[1]}{MASK}{one[1]}" if _tells(one[2], forms) else one[0], message)


def _texts_in(value: Any) -> set[str]:
    """At most one more than ``MOST_TEXTS``."""
    found: set[str] = set()
    left = [value]
    while left and len(found) <= MOST_TEXTS:
        one = left.pop()
        if isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
        elif isinstance(one, str | int | float):
            # Python writes no number of so many digits, and so no message has it.
            with suppress(ValueError):
                found.add(str(one))
    return found


def _tells(quoted: str, forms: set[str]) -> bool:
    quoted = quoted.removesuffix("…").lower()
    if len(quoted) >= SHORTEST and quoted in forms:
        return True
    return any(min(len(quoted), len(one)) >= _CERTAIN and (quoted in one or one in quoted) for one in forms)
