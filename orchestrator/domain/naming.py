"""How names are compared: snake_case inside, kebab-case for step types, camelCase accepted; the nearest known one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST_COMPARED = 64
_LONGEST_KEPT = 200

MOST_COMPARED: Final = 20_000
"""Pairs of names that are compared under one ``bounded_comparing``: many more than there are errors to tell."""

_MOST_LISTED: Final = 50

_SAID_FOR: Final = {
    "address": "network_endpoints",
    "addresses": "network_endpoints",
    "condition": "when",
    "hosts": "network_endpoints",
    "id": "tenant_id",
    "if": "when",
    "parallelism": "max_concurrency",
    "urls": "network_endpoints",
}
"""What people write for what, where it does not look alike."""

_said: ContextVar[_Said | None] = ContextVar("sentences said of unknown names", default=None)


class _Said:
    """Each sentence is made once: the same name may be unknown for every tenant."""

    def __init__(self) -> None:
        self.left = MOST_COMPARED
        self.sentences: dict[tuple[str, str, tuple[str, ...]], str] = {}


@contextmanager
def bounded_comparing() -> Iterator[None]:
    """Bounds what this thread compares inside to find the names that were meant: who gets thousands of them wrong is
    told of the first only."""
    token = _said.set(_Said())
    try:
        yield
    finally:
        _said.reset(token)


def snake_case(name: str) -> str:
    """``deployUnitId``, ``deploy-unit-id`` and ``deploy_unit_id`` are all ``deploy_unit_id``."""
    # A long one is nobody's name, and not kept: a console reads many plans.
    return _snake_case(name) if len(name) <= _LONGEST_KEPT else _snake_case.__wrapped__(name)


@lru_cache(maxsize=4096)
def _snake_case(name: str) -> str:
    return _WORD_START.sub("_", name).replace("-", "_").lower()


def step_type(name: str) -> str:
    """``healthCheck``, ``health_check`` and ``health-check`` are all ``health-check``."""
    return snake_case(name).replace("_", "-")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant by one that is none, or None when nothing is near: one that is written
    alike, or the only one that begins or ends with its words (``version`` for ``deploy_unit_version``)."""
    if len(name) > _LONGEST_COMPARED:
        return None
    by_snake = {snake_case(one): one for one in known}
    asked = snake_case(name)
    if (said := _SAID_FOR.get(asked)) in by_snake:
        return by_snake[said]
    if found := difflib.get_close_matches(asked, by_snake, n=1):
        return by_snake[found[0]]
    longer = [one for one in by_snake if asked and (one.startswith(f"{asked}_") or one.endswith(f"_{asked}"))]
    return by_snake[longer[0]] if len(longer) == 1 else None


def in_spelling_of(name: str, camel: Mapping[str, str]) -> Collection[str]:
    """The known keys as the author of this one writes: those of ``camel``, or what each is in camelCase."""
    is_camel = "_" in snake_case(name) and "_" not in name and "-" not in name
    return camel.values() if is_camel else camel.keys()


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not known: the nearest one, else all that are. Under ``bounded_comparing``
    neither, once too many names were wrong."""
    names = tuple(sorted(known))
    said = _said.get()
    if said is None:
        return _sentence(kind, name, names)
    key = (kind, name, names)
    if (sentence := said.sentences.get(key)) is not None:
        return sentence
    said.left -= len(names) + 1
    if said.left < 0:
        return f"unknown {kind}"
    return said.sentences.setdefault(key, _sentence(kind, name, names))


def _sentence(kind: str, name: str, names: tuple[str, ...]) -> str:
    if (near := nearest(name, names)) is not None:
        return f"unknown {kind}; did you mean {near!r}?"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"unknown {kind}; known: {', '.join(names[:_MOST_LISTED]) or 'none'}{more}"


def is_address(text: str) -> bool:
    """Whether this can be an address or a host's name: what DNS can carry, and nothing that ends a line."""
    try:
        return bool(text.encode("idna")) and not any(one.isspace() or one == "\0" for one in text)
    except UnicodeError:
        return False
