"""How names are compared: snake_case inside, kebab-case for step types, camelCase accepted; the nearest known one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST_COMPARED = 64
MOST_COMPARED: Final = 200
"""Unknown names of one ``bounded_comparing`` for which the nearest is looked for: more than are told of."""

_left: ContextVar[list[int] | None] = ContextVar("names left to compare", default=None)


@contextmanager
def bounded_comparing() -> Iterator[None]:
    """Bounds how many unknown names are compared inside: looking for the nearest takes 0.2 ms, and whoever is told
    of a hundred mistakes is told that there are more."""
    token = _left.set([MOST_COMPARED])
    try:
        yield
    finally:
        _left.reset(token)


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """``deployUnitId``, ``deploy-unit-id`` and ``deploy_unit_id`` are all ``deploy_unit_id``."""
    return _WORD_START.sub("_", name).replace("-", "_").lower()


def step_type(name: str) -> str:
    """``healthCheck``, ``health_check`` and ``health-check`` are all ``health-check``."""
    return snake_case(name).replace("_", "-")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one most likely meant, or None when nothing is near."""
    if len(name) > _LONGEST_COMPARED:
        return None
    by_snake = {snake_case(one): one for one in known}
    found = difflib.get_close_matches(snake_case(name), by_snake, n=1)
    return by_snake[found[0]] if found else None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not known: the nearest one, else all that are; short beyond what is compared."""
    left = _left.get()
    if left is not None:
        if left[0] <= 0:
            return f"unknown {kind}"
        left[0] -= 1
    names = sorted(known)
    near = nearest(name, names)
    return f"unknown {kind}; did you mean {near!r}?" if near else f"unknown {kind}; known: {', '.join(names) or 'none'}"


def is_address(text: str) -> bool:
    """Whether this can be an address or a host's name: what DNS can carry, and nothing that ends a line."""
    try:
        return bool(text.encode("idna")) and not any(one.isspace() or one == "\0" for one in text)
    except UnicodeError:
        return False
