"""A value that a template may pass on and never look at: what a secret is to the people who name it in a plan."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from jinja2.exceptions import SecurityError

RULE: Final = "a secret can only stand by itself or be joined into text with ~"


def refuse() -> NoReturn:
    """Raises the one error for whatever else is tried with an opaque value."""
    raise SecurityError(RULE)


class Opaque:
    """Text that only ``reveal`` gives out. It has no length, items, truth, order, hash or spelling of its own.

    The sandbox refuses it before it comes to one of the methods below; they are for what might be overlooked, there
    and in code of ours: a hash or an equality alone would tell the text to whoever may guess often enough.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for where it is used and nothing is computed from it any more."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def _refuse(self, *_: Any) -> NoReturn:
        refuse()

    __str__ = __format__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __hash__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __reduce_ex__ = _refuse
