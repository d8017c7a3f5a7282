"""Numbers as forms, headers and addresses spell them: ASCII digits. Python and pydantic would also read ``1_0``, the
digits of other scripts, and stop with an error of their own at some thousands of digits."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from orchestrator.domain.whole_numbers import HIGHEST

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?")


def spelled_whole(text: str) -> int | None:
    """The whole number from 0 to ``HIGHEST`` that the text spells; None when it spells none."""
    found = int(text) if _WHOLE.fullmatch(text) else -1
    return found if 0 <= found <= HIGHEST else None


def spelled_decimal(text: str) -> float | None:
    """The number that the text spells (``1.5``); None when it spells none."""
    return float(text) if _DECIMAL.fullmatch(text) else None


def _spells_whole(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("expected a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_spells_whole)]
"""Of a path, a query or a form."""
