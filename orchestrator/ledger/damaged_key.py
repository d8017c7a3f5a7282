"""A key that a hand, or a lost disk, has damaged, and what puts it right."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

RedisCommand = tuple[str, ...]
"""One of Redis' own, in words; what is no text stands in them as Python spells it (``surrogateescape``)."""


@dataclass(frozen=True, slots=True)
class DamagedKey:
    """``key`` as Redis has it, ``kind`` as ``keys.py`` has it; ``wrong``: what is, as a clause; ``mend``: what puts it
    right, in this order, and loses no more than has been lost. ``stops_all``: whether no plan moves until then."""

    key: str
    kind: str
    wrong: str
    mend: tuple[RedisCommand, ...]
    stops_all: bool = False


def in_redis_cli(commands: Sequence[RedisCommand]) -> str:
    """What to type there, one after the other, as a clause."""
    return ", then ".join(f"`{' '.join(_typed(word) for word in command)}`" for command in commands)


def _typed(word: str) -> str:
    return in_bytes(word) if any("\ud800" <= character <= "\udfff" for character in word) else shlex.quote(word)


def in_bytes(text: str) -> str:
    r"""As redis-cli takes it: "\xff" for a byte that is no text."""
    escaped = text.encode("utf-8", "surrogateescape").decode("latin-1").encode("unicode_escape").decode()
    return '"' + escaped.replace('"', r"\"") + '"'
