"""The filters, tests and methods of the sandbox: each is Jinja's or Python's own, behind a guard that weighs first.

The lists say what is allowed, and beside it what a result may take beyond what was given: that is spent before the
call, since nothing can stop a call once it is in C. What computes with numbers takes numbers only:
``'%9999999d' is even`` is Python's formatting, and a sum of lists copies them over and over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from steps.expressions import filters as own
from steps.expressions import grammar
from steps.expressions.arithmetic import number
from steps.expressions.budget import OPERATION, Weight, budget

Bytes = Callable[[Any, Weight], int]
"""What a result takes, from the value given and the weight of all that was given."""


def _nothing(_value: Any, _weight: Weight) -> int:
    return 0


def _as_text(_value: Any, weight: Weight) -> int:
    return 32 * weight[0] + 16 * weight[1]


def _as_longer_text(_value: Any, weight: Weight) -> int:
    return 32 * weight[0] + 64 * weight[1]


def _as_items(value: Any, weight: Weight) -> int:
    # A character of a text that becomes an item is a text of its own.
    return 96 * len(value) if isinstance(value, str) else 64 * weight[0]


_FILTERS: Final[dict[str, Bytes]] = (
    dict.fromkeys(("count", "d", "default", "first", "last", "length", "max", "min"), _nothing)
    | dict.fromkeys(("capitalize", "lower", "trim", "upper"), _as_text)
    | dict.fromkeys(("title", "urlencode"), _as_longer_text)
    | dict.fromkeys(("dictsort", "items", "list", "map", "reject", "rejectattr", "reverse"), _as_items)
    | dict.fromkeys(("select", "selectattr", "sort"), _as_items)
)
_COMPARES_AGAIN: Final = frozenset(("dictsort", "sort"))
"""Each item is compared as often as the number of items has bits."""

_TESTS: Final = (
    "boolean", "defined", "eq", "equalto", "false", "float", "ge", "greaterthan", "gt", "in", "integer", "le",
    "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "sequence", "string", "true", "undefined", "upper",
    "==", "!=", "<", "<=", ">", ">=",
)  # fmt: skip
_TESTS_OF_NUMBERS: Final = ("divisibleby", "even", "odd")

_METHODS: Final[dict[type, dict[str, Bytes]]] = {
    str: dict.fromkeys(
        ("endswith", "find", "isalnum", "isalpha", "isdigit", "islower", "isupper", "startswith"), _nothing
    )
    | dict.fromkeys(("capitalize", "lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "strip"), _as_text)
    | dict.fromkeys(("title", "upper"), _as_text)
    | dict.fromkeys(("partition", "rpartition", "rsplit", "split", "splitlines"), _as_items),
    dict: {"get": _nothing} | dict.fromkeys(("items", "keys", "values"), _as_items),
    list: {"count": _nothing, "index": _nothing},
}
_EACH_WITH_EACH: Final = frozenset(("lstrip", "rpartition", "rsplit", "rstrip", "strip", "trim"))
"""Python compares every character of the text with every one of the argument."""

_SEARCHES: Final = frozenset(("find", "in", "partition", "replace", "split"))
"""Python does so in texts of up to ``own.SEARCHED_SLOWLY`` characters, with arguments of up to a hundred."""


def filters() -> dict[str, Callable[..., Any]]:
    """Every filter by its name; those that the grammar puts in have names that no template can write."""
    ours: dict[str, tuple[Callable[..., Any], Bytes]] = {
        "abs": (_of_numbers(abs), _nothing),
        "float": (own.to_float, _nothing),
        "int": (own.to_int, _nothing),
        "join": (own.join_items, _as_text),
        "replace": (own.replace, _as_text),
        "round": (_of_numbers(own.round_to), _nothing),
        "string": (own.to_text, _as_text),
        "sum": (own.total, _nothing),
        "tojson": (own.to_json, _as_text),
        "unique": (own.unique, _as_items),
    }
    found = {name: _guarded(FILTERS[name], size, name) for name, size in _FILTERS.items()}
    found |= {name: _guarded(function, size, name) for name, (function, size) in ours.items()}
    return found | {
        grammar.BUILT: own.built,
        grammar.JOINED: own.concat,
        grammar.SEARCHED: own.searched,
        grammar.SLICED: _guarded(own.part_of, _as_text),
        grammar.TURNS: own.turns,
        grammar.WEIGHED: own.weighed,
    }


def tests() -> dict[str, Callable[..., Any]]:
    """Every test by its name."""
    found = {name: _guarded(TESTS[name], _nothing, name) for name in _TESTS}
    return found | {name: _guarded(_of_numbers(TESTS[name]), _nothing) for name in _TESTS_OF_NUMBERS}


def method_size(owner: Any, name: str) -> Bytes | None:
    """What the method's result takes, or None when it is not allowed."""
    return _METHODS.get(type(owner), {}).get(name)


def call_guarded(function: Callable[..., Any], name: str, size: Bytes, args: Any, kwargs: Any, skip: int = 0) -> Any:
    """Calls it once what it walks and makes is spent; ``skip``: arguments of Jinja's own at the beginning."""
    left = budget()
    left.spend(OPERATION)
    weights = [left.weigh(arg) for arg in (args[skip:] if skip else args)]
    weights += [left.weigh(arg) for arg in kwargs.values()]
    values = characters = 0
    for inner_values, inner_characters in weights:
        values += inner_values
        characters += inner_characters
    if name in _COMPARES_AGAIN:
        left.spend((values + (characters >> 4)) * values.bit_length())
    elif name in _SEARCHES:
        left.spend(min(characters, own.SEARCHED_SLOWLY))
    elif name in _EACH_WITH_EACH and len(weights) > 1:
        left.spend(weights[0][1] * max(weight[1] for weight in weights[1:]) >> 4)
    if size is not _nothing:
        left.take(size(args[skip] if len(args) > skip else None, (values, characters)))
    return left.admit(function(*args, **kwargs))


def _guarded(function: Any, size: Bytes, name: str = "") -> Callable[..., Any]:
    skip = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return call_guarded(function, name, size, args, kwargs, skip)

    return checked


def _of_numbers(function: Any) -> Callable[..., Any]:
    @wraps(function)
    def checked(value: Any, *args: Any, **kwargs: Any) -> Any:
        for one in (*args, *kwargs.values()):
            if isinstance(one, int):
                number(one)
        return function(number(value), *args, **kwargs)

    return checked
