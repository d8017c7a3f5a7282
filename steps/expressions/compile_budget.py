"""What compiling may cost: counted in parts (names, operators, braces, ...) before any is compiled, never by the clock.

Code is made of a template or expression before any budget of its evaluation begins, and what that costs follows the
number of its parts: at worst about 50 microseconds each (``a in a in a ...``). So one has a bound, and so have all that
one plan brings together, whose author may have written any number of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from steps.json_values import LimitExceeded

MOST_PARTS: Final = 2_000
"""Parts of one template or expression."""

MOST_PARTS_TOGETHER: Final = 60_000
"""Of all that is compiled under one ``bounded_compiling``."""

EACH_COSTS: Final = 8
"""Parts that one counts as beside its own: what compiling the shortest takes."""

Token = tuple[int, str, str]
"""One of Jinja's: line, kind, text."""

_FREE: Final = ("whitespace", "data")

_left: ContextVar[list[int] | None] = ContextVar("parts left to compile", default=None)


class TooMuchTogether(Exception):
    """The others of the plan have used up what may be compiled; this one may be right, so it is not kept as wrong."""

    def __str__(self) -> str:
        return f"the templates and expressions of this plan have more than {MOST_PARTS_TOGETHER} parts together"


@contextmanager
def bounded_compiling() -> Iterator[None]:
    """Bounds what this thread compiles inside, all together; what was compiled before and is still kept is free."""
    token = _left.set([MOST_PARTS_TOGETHER])
    try:
        yield
    finally:
        _left.reset(token)


def pay_for(tokens: Iterable[Token]) -> list[Token]:
    """Counts the ``tokens`` (Jinja's) of what is to be compiled, and gives them back. Raises ``LimitExceeded`` when it
    has too many, ``TooMuchTogether`` when too much was compiled before it; what reading it took is paid either way."""
    left = _left.get()
    if left is not None and left[0] <= 0:
        raise TooMuchTogether
    paid: list[Token] = []
    parts = 0
    try:
        for token in tokens:
            paid.append(token)
            parts += token[1] not in _FREE
            if parts > MOST_PARTS:
                raise LimitExceeded(f"has more than {MOST_PARTS} parts (names, operators, brackets, values)")
    finally:
        if left is not None:
            left[0] -= parts + EACH_COSTS
    if left is not None and left[0] < 0:
        raise TooMuchTogether
    return paid
