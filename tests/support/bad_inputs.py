"""A generator of bad inputs: each place of a right plan, each setting, each argument, with each bad value."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from tests.support.right_plan import right_fleet, right_plan

DEEP: Final[Any] = eval("[" * 60 + "1" + "]" * 60)  # one expression, and no reader's bound in its way

VALUES: Final[dict[str, Any]] = {
    **{"null": None, "true": True, "zero": 0, "negative": -1, "fraction": 0.5, "huge": 10**40, "infinite": 1e308 * 10},
    **{
        "empty text": "",
        "blank": " ",
        "text": "x",
        "number as text": "1",
        "long text": "x" * 5000,
        "zero byte": "\x00",
    },
    **{"escape": "\x1b[2J", "line": "a\nerror: forged", "override": "\u202etxt", "half a pair": "\ud800"},
    **{"broken template": "{{ tenant.", "unknown name": "{{ nothing.at.all }}", "code": "{{ ''.__class__.__mro__ }}"},
    **{"url": "gopher://x/", "empty list": [], "list": [1], "list of lists": [[[]]], "deep": DEEP},
    **{"empty mapping": {}, "mapping": {"a": 1}, "odd keys": {"": 1, "\n": 2}},
}
"""By a name for people; none of them is right everywhere."""

SPELLINGS: Final = (
    *("", " ", "x", "-1", "0", "1e999", "NaN", "null", "true", "{", "[", "[1]", '{"a": 1}', '{"a": {"b": null}}'),
    *("9" * 400, "[" * 3000, "x" * 100_000, "\x1b[2J", "a\nerror: forged", "\u202e", "\udcff", "{{ x }}", "../../etc"),
)
"""The same for what can only be text: variables and arguments."""

Place = tuple[str | int, ...]


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Every place within a plan, inner ones too."""
    items: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    for key, inner in items:
        yield (*above, key)
        yield from places(inner, (*above, key))


PLACES: Final = list(places(right_plan()))
HEAD_PLACES: Final = [place for place in places(right_fleet()) if place[0] not in ("stages", "tenants")]


def path_of(place: Place) -> str:
    """The place as errors write it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")


def with_value(place: Place, value: Any, plan: dict[str, Any] | None = None) -> dict[str, Any]:
    """A right plan, or the given one, but for the value at one place."""
    plan = right_plan() if plan is None else copy.deepcopy(plan)
    _parent(plan, place)[place[-1]] = copy.deepcopy(value)
    return plan


def without(place: Place) -> dict[str, Any]:
    """A right plan in which one place is missing."""
    plan = right_plan()
    del _parent(plan, place)[place[-1]]
    return plan


def with_strange_key(place: Place, key: str) -> dict[str, Any]:
    """A right plan with one more key beside that place."""
    plan = right_plan()
    parent = _parent(plan, place)
    if isinstance(parent, dict):
        parent[key] = 1
    return plan


def _parent(plan: Any, place: Place) -> Any:
    for key in place[:-1]:
        plan = plan[key]
    return plan
