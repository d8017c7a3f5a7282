"""Members of sets, and fields of hashes, that are no text; scores that are no number anybody counts by.

They stop nobody: whoever reads one passes it by. But they stay, and what stands at such a score never has its turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import redis

from orchestrator.ledger.damaged_key import RedisCommand, in_bytes

LOOKED_AT: Final = 10_000
"""Members of a sorted set that are looked at, from its beginning."""

SHOWN: Final = 20
"""How many of them one command names; the others are told once these are mended."""

_UTMOST: Final = "1e15"
"""Beyond all times in ms, places and tickets that are ever written."""

_ENDS: Final = (("-inf", f"(-{_UTMOST}"), (f"({_UTMOST}", "+inf"))

_REMOVE: Final = {"zset": "ZREM", "set": "SREM", "hash": "HDEL"}
_READ: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "zset": ("ZRANGE", (0, LOOKED_AT - 1)),
    "set": ("SMEMBERS", ()),
    "hash": ("HGETALL", ()),
}


def no_texts(client: redis.Redis, key: str, kind: str) -> Iterator[tuple[str, tuple[RedisCommand, ...]]]:
    """What is wrong with a key of this type, as a clause, and what mends it."""
    verb, more = _READ[kind]
    names = cast(Sequence[Any], client.execute_command(verb, key, *more, NEVER_DECODE=True))  # type: ignore[no-untyped-call]
    odd = sorted(text for name in names if (text := _spelled(name)) is not None)[:SHOWN]
    if odd:
        yield f"its {in_bytes(odd[0])} is no text", ((_REMOVE[kind], key, *odd),)


def no_numbers(
    client: redis.Redis, key: str, *, put_back_at: str | None
) -> Iterator[tuple[str, tuple[RedisCommand, ...]]]:
    """The same of the scores of a sorted set. What stands there is taken out, to be made anew; or is put where it is
    looked at next."""
    found = [
        pair
        for low, high in _ENDS
        for pair in cast(
            Sequence[tuple[str, float]], client.zrangebyscore(key, low, high, start=0, num=SHOWN, withscores=True)
        )
    ]
    if not found:
        return
    name, score = found[0]
    mend = remove_scores(key)
    if put_back_at is not None:
        mend = (("ZADD", key, "XX", *(word for name, _ in found[:SHOWN] for word in (put_back_at, name))),)
    yield f"the score of its {name!r} is {score:g}", mend


def remove_scores(key: str) -> tuple[RedisCommand, ...]:
    """Takes out all that stand at such a score."""
    return tuple(("ZREMRANGEBYSCORE", key, low, high) for low, high in _ENDS)


def _spelled(name: bytes | str) -> str | None:
    """A member that is no text, as Python spells it; None of one that is."""
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape")
    return None
