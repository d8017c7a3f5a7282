"""Filters of the sandbox's own, and what its grammar puts in the place of operations.

Where Jinja's own would only have to be watched, ``allowed`` puts a guard before it; these would cost too much whatever
they were given, or know secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import FILTERS, do_round, make_attrgetter

from steps.expressions.arithmetic import number
from steps.expressions.budget import NUMBER_BITS, OPERATION, OUTPUT_LIMIT, WrongKind, budget, kind_of
from steps.json_values import LimitExceeded, canonical_json, json_value
from steps.opaque import Opaque

RANGE_LIMIT: Final = 1_000
ROUND_LIMIT: Final = 100
NUMBER_LENGTH: Final = NUMBER_BITS // 3
"""Characters of a text that is to become a number."""

SEARCHED_SLOWLY: Final = 30_000
"""Characters up to which Python looks for a text of up to a hundred characters in the simple way, each with each."""


def to_text(value: Any) -> str:
    """What ``{{ value }}`` becomes inside other text."""
    if value is None:
        raise LimitExceeded("gives null inside text; use `| default(...)` or a condition")
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined | int | float):
        return str(value)
    return to_json(value)


def concat(items: Iterable[Any], separator: str = "") -> Any:
    """``~``: the texts of the items as one; opaque when one of them is."""
    left = budget()
    parts: list[str] = []
    size = 0
    opaque = False
    for item in items:
        if isinstance(item, Opaque):
            opaque = True
            text = item.reveal()
        else:
            text = to_text(item)
        size += len(text) + len(separator)
        if size > OUTPUT_LIMIT:
            raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
        left.spend(4 + (len(text) >> 4))
        parts.append(text)
    left.take(4 * size)
    joined = separator.join(parts)
    return Opaque(joined) if opaque else joined


def make_range(*bounds: int) -> list[int]:
    """``range`` as a list, so that it has a weight."""
    numbers = range(*bounds)
    if len(numbers) > RANGE_LIMIT:
        raise LimitExceeded(f"asks for a range of more than {RANGE_LIMIT} numbers")
    left = budget()
    left.spend(OPERATION + len(numbers))
    left.take(sum(64 + (abs(bound).bit_length() >> 3) for bound in bounds) * len(numbers))
    return list(numbers)


def weighed(value: Any) -> Any:
    budget().weigh(value)
    return value


def searched(value: Any) -> Any:
    left = budget()
    _, characters = left.weigh(value)
    left.spend(min(characters, SEARCHED_SLOWLY))
    return value


def built(value: Any) -> Any:
    left = budget()
    left.spend(2 + 2 * len(value))
    left.take(64 + 112 * len(value))
    # A list of secrets may be given out; it is refused where somebody looks into it.
    left.weigh(value, with_secrets=True)
    return value


def turns(items: Any, parts: int) -> Iterator[Any]:
    """The turns of a loop whose body has so many parts, each of which is taken once a turn at most."""
    left = budget()
    left.weigh(items)
    for item in items:
        left.spend(16 + 2 * parts)
        yield item


def part_of(value: Any, start: Any, stop: Any, step: Any) -> Any:
    if not isinstance(value, str | list | tuple):
        raise WrongKind(f"takes a slice of {kind_of(value)}")
    return value[start:stop:step]


def to_json(value: Any) -> str:
    left = budget()
    left.spend(8 * left.weigh(value)[0])
    text = canonical_json(json_value(value, OUTPUT_LIMIT))
    if len(text) > OUTPUT_LIMIT:
        raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
    return text


@pass_environment
def join_items(environment: Environment, items: Iterable[Any], d: Any = "", attribute: str | None = None) -> Any:
    if attribute is not None:
        items = map(make_attrgetter(environment, attribute), items)
    return concat(items, to_text(d))


def replace(value: Any, old: str, new: str) -> str:
    text, old, new = to_text(value), to_text(old), to_text(new)
    if len(text) + text.count(old) * len(new) > OUTPUT_LIMIT:
        raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
    return text.replace(old, new)


def round_to(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if abs(precision) > ROUND_LIMIT:
        raise LimitExceeded(f"rounds to more than {ROUND_LIMIT} digits")
    return do_round(value, precision, method)


def to_float(value: Any, default: Any = 0.0) -> Any:
    return FILTERS["float"](_short(value), default)


def to_int(value: Any, default: Any = 0, base: int = 10) -> Any:
    found = FILTERS["int"](_short(value), default, base)
    return number(found) if isinstance(found, int) else found


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > NUMBER_LENGTH:
        raise LimitExceeded(f"makes a number of a text of more than {NUMBER_LENGTH} characters")
    return value


@pass_environment
def total(environment: Environment, items: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
    if attribute is not None:
        items = map(make_attrgetter(environment, attribute), items)
    found = number(start)
    items = list(items)
    # Each addition is a step of Python's own.
    budget().spend(4 * len(items))
    for item in items:
        found = number(found + number(item))
    return found


@pass_environment
def unique(environment: Environment, items: Iterable[Any], case_sensitive: bool = False, attribute: Any = None) -> Any:
    """As Jinja's, over the JSON text of each item: numbers can be chosen whose hashes all collide, texts cannot."""
    key_of = make_attrgetter(environment, attribute)
    seen: set[str] = set()
    found: list[Any] = []
    for item in items:
        key = key_of(item)
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        budget().spend(OPERATION)
        text = to_json(key)
        text = text if case_sensitive or not isinstance(key, str) else text.lower()
        if text not in seen:
            seen.add(text)
            found.append(item)
    return found
