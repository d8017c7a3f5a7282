"""A message about a value, told without the value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from orchestrator.secrets.known import MASK, SHORTEST
from orchestrator.secrets.quotations import quotations, requoted

MOST_TEXTS: Final = 1_000
"""A message about a list or mapping of more texts and numbers is not told: to look for them all takes too long."""

MOST_LOOKED_THROUGH: Final = 4_000
"""Characters of a message that is looked through for values, of which there may be ``MOST_TEXTS``. A longer one, which
quotes a long value, is not told."""
REFUSED: Final = "is refused, for a reason that quotes the value"

_CERTAIN: Final = 8
"""Characters that two texts have in common by no chance."""


class Unquoted:
    """Messages without values, of which each is looked through once: the mask stands where one quotes a value, or a
    part of it: of a list or mapping any text or number in it. Its own words stay whole, whatever they have in common
    with a value (``http``, ``a``); one that quotes what is too short to be told from them is not told."""

    def __init__(self, values: Any) -> None:
        texts = _texts_in(values)
        self._are_too_many = len(texts) > MOST_TEXTS
        self._short = {one for one in texts if 0 < len(one) < SHORTEST}
        # The longest first: one may be part of another.
        self._long = sorted((one for one in texts if len(one) >= _CERTAIN), key=len, reverse=True)
        self._forms = {form for text in texts for form in (text.lower(), repr(text)[1:-1].lower())}
        self._long_forms = [one for one in self._forms if len(one) >= _CERTAIN]

    def told(self, message: str) -> str:
        """What of a message can be told."""
        if self._are_too_many or any(one.text in self._short for one in quotations(message)):
            return REFUSED
        for text in self._long:
            if text in message:
                message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", MASK, message)
        return requoted(message, lambda quoted: MASK if self._tells(quoted) else quoted)

    def _tells(self, quoted: str) -> bool:
        quoted = quoted.removesuffix("…").lower()
        if len(quoted) >= SHORTEST and quoted in self._forms:
            return True
        return len(quoted) >= _CERTAIN and any(quoted in one or one in quoted for one in self._long_forms)


def _texts_in(value: Any) -> set[str]:
    """At most one more than ``MOST_TEXTS``."""
    found: set[str] = set()
    left = [value]
    while left and len(found) <= MOST_TEXTS:
        one = left.pop()
        if isinstance(one, str):
            found.add(str(one))
        elif isinstance(one, int | float):
            # Python writes no number of so many digits, and so no message has it.
            with suppress(ValueError):
                found.add(str(one))
        elif isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
    return found
