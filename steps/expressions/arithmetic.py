"""The operators that calculate, and those that make longer texts and lists; both know their result's size before."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from jinja2.exceptions import SecurityError

from steps.expressions.budget import NUMBER_BITS, OPERATION, OUTPUT_LIMIT, WEIGHT_LIMIT, WrongKind, budget, kind_of
from steps.json_values import LimitExceeded

_BINARY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
OPERATORS: Final = frozenset(_BINARY)
UNARY: Final = frozenset("+-")
_SEQUENCES: Final[tuple[Any, ...]] = (str, list, tuple)


def binary(sign: str, left: Any, right: Any) -> Any:
    """``left sign right``. Raises ``LimitExceeded`` for what would be too large, ``WrongKind``."""
    have = budget()
    have.spend(OPERATION >> 2)
    weights = have.weigh(left), have.weigh(right)
    if sign == "+" and isinstance(left, _SEQUENCES) and type(left) is type(right):
        _make_room(len(left) + len(right), sum(map(sum, weights)))
        return have.admit(left + right)
    if sign == "*" and isinstance(left, _SEQUENCES) and isinstance(right, int):
        _make_room(len(left) * right, sum(weights[0]) * right)
        return have.admit(left * right)
    if sign == "*" and isinstance(left, int) and isinstance(right, _SEQUENCES):
        _make_room(len(right) * left, sum(weights[1]) * left)
        return have.admit(left * right)
    if isinstance(left, str) and sign == "%":
        raise SecurityError("formatting with % is not allowed in a template; use ~ to join text")
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        raise WrongKind("adds a text to something else; join them with ~")
    return _calculated(sign, number(left), number(right))


def unary(sign: str, value: Any) -> Any:
    """``sign value``."""
    budget().weigh(value)
    return -number(value) if sign == "-" else +number(value)


def number(value: Any) -> Any:
    """The number itself. Raises for what is none, or has more bits than an expression may calculate with."""
    if isinstance(value, int):
        if value.bit_length() > NUMBER_BITS:
            raise LimitExceeded(f"asks for a number of more than {NUMBER_BITS} bits")
    elif not isinstance(value, float):
        raise WrongKind(f"expects a number, not {kind_of(value)}")
    return value


def _make_room(length: int, weight: int) -> None:
    if length > OUTPUT_LIMIT:
        raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
    if weight > WEIGHT_LIMIT:
        raise LimitExceeded(f"makes a value of more than {WEIGHT_LIMIT} characters and items in all")
    budget().take(16 * max(length, 0))


def _calculated(sign: str, left: Any, right: Any) -> Any:
    if sign in ("*", "**") and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length() if sign == "*" else left.bit_length() * abs(right)
        if bits > NUMBER_BITS:
            raise LimitExceeded(f"asks for a number of more than {NUMBER_BITS} bits")
    return number(_BINARY[sign](left, right))
