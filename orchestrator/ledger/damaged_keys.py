"""Which of the keys that a whole namespace goes by a hand, or a lost disk, has damaged, and what puts each right.

Of the keys of one plan, task or tenant see ``damage.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import redis

from orchestrator.domain.errors import quoted_value
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.shared_settings import NAMES

TYPES: Final[dict[str, str]] = {
    "meta": "hash",
    "clock": "hash",
    "settings": "hash",
    "seq": "string",
    "epoch": "string",
    "inbox": "stream",
    "feed": "stream",
    "own_log": "stream",
    "audit": "stream",
    "freezes": "hash",
    "freeze_times": "zset",
    "freezes_now": "hash",
    "thawing": "zset",
    "plans": "zset",
    "drafts": "zset",
    "ended": "zset",
    "purges": "zset",
    "ready": "zset",
    "awaited": "zset",
    "due": "zset",
    "lost": "zset",
    "active": "set",
    "leases_queued": "zset",
    "leases_running": "zset",
    "deadlines": "zset",
    "beats": "zset",
    "handed_back": "zset",
    "counters": "hash",
    "pushed": "hash",
    "presence": "hash",
    "grouped": "zset",
    "lined": "zset",
    "tokens": "hash",
    "hooks": "zset",
}
"""Of each key that a namespace has one of, as Redis calls it (``docs/keys.md``)."""

STOPS: Final = frozenset(
    (
        *("meta", "clock", "settings", "seq", "epoch", "feed", "leases_queued", "leases_running", "deadlines"),
        *("freeze_times", "freezes_now", "thawing", "ready", "ended", "active", "lined"),
    )
)
"""What every admission or turn reads or writes (see ``scripts/includes/whole.lua``): where one of them is of another
type, or no number where one belongs, nobody moves until it is mended."""

_NUMBERS: Final[dict[str, tuple[str, ...]]] = {
    "meta": ("ticket", "frozen", "freezes", "reconcilerRepairs", "recoveries"),
    "clock": ("at", "offset", "floor", "wall", "tickAt", "sweepNotBefore"),
    "settings": ("NEEDS", *NAMES),
}
"""Fields that hold a number if they are there at all."""

RedisCommand = tuple[str, ...]
"""One of Redis' own, in words."""


@dataclass(frozen=True, slots=True)
class DamagedKey:
    """``key`` as Redis has it, ``kind`` as ``keys.py`` has it; ``wrong``: what is, as a clause; ``mend``: what puts it
    right, in this order, and loses no more than has been lost."""

    key: str
    kind: str
    wrong: str
    mend: tuple[RedisCommand, ...]

    @property
    def stops_all(self) -> bool:
        """Whether no plan moves until it is mended."""
        return self.kind in STOPS


def damaged_keys(client: redis.Redis, keys: Keys) -> list[DamagedKey]:
    """Those of this namespace, in the order of ``keys.py``."""
    with client.pipeline(transaction=False) as pipeline:
        for kind in TYPES:
            pipeline.type(keys.of(kind))
        types = dict(zip(TYPES, cast(list[str], pipeline.execute()), strict=True))
    found = [_of_another_type(client, keys, kind, is_now) for kind, is_now in types.items() if is_now not in _of(kind)]
    for kind, look in _CONTENT.items():
        if types[kind] in _of(kind):
            found += look(client, keys, kind)
    return sorted(found, key=lambda one: list(TYPES).index(one.kind))


def _of(kind: str) -> tuple[str, str]:
    return TYPES[kind], "none"


def _of_another_type(client: redis.Redis, keys: Keys, kind: str, is_now: str) -> DamagedKey:
    key = keys.of(kind)
    mend: tuple[RedisCommand, ...] = (("DEL", key),)
    if kind == "seq":
        mend = (("SET", key, str(_last_number(client, keys))),)
    elif kind in ("freezes_now", "freeze_times") and (freezes := _freezes(client, keys)):
        mend = _frozen_meanwhile(keys, kind, freezes)
    return DamagedKey(key, kind, f"it is a {is_now}, not a {TYPES[kind]}", mend)


def _frozen_meanwhile(keys: Keys, kind: str, freezes: list[str]) -> tuple[RedisCommand, ...]:
    """All freezes are looked at anew, and no tenant slips through in between: their records say whom they stop."""
    key, times = keys.of(kind), keys.of("freeze_times")
    if kind == "freezes_now":
        return ("COPY", keys.of("freezes"), key, "REPLACE"), ("ZADD", times, *_due(freezes))
    return ("ZADD", f"{times}-mended", *_due(freezes)), ("RENAME", f"{times}-mended", times)


def _due(freezes: list[str]) -> list[str]:
    return [word for freeze_id in freezes for word in ("0", freeze_id)]


def _freezes(client: redis.Redis, keys: Keys) -> list[str]:
    try:
        return sorted(cast(Mapping[str, str], client.hgetall(keys.of("freezes"))))
    except redis.ResponseError:
        return []


def _in_force(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """Whom it stops cannot be read of a damaged one: so it stops all."""
    for freeze_id, text in sorted(cast(Mapping[str, str], client.hgetall(keys.of(kind))).items()):
        if not is_object(text):
            wrong = f"its {quoted_value(freeze_id)} is {quoted_value(text)}, not a JSON object"
            yield DamagedKey(keys.of(kind), kind, wrong, (("ZADD", keys.of("freeze_times"), "0", freeze_id),))


def _fields(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key, names = keys.of(kind), _NUMBERS[kind]
    for name, value in zip(names, cast(list[str | None], client.hmget(key, list(names))), strict=True):
        if value is None or _is_number(value):
            continue
        mend: RedisCommand = ("HDEL", key, name)
        if name in ("ticket", "frozen", "freezes"):
            # Above all that were given out: those who wait already stay in front.
            mend = ("HSET", key, name, str(client.time()[0]))
        yield DamagedKey(key, kind, f"its {name} is {quoted_value(value)}, not a number", (mend,))


def _counts(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key = keys.of(kind)
    for name, value in sorted(cast(Mapping[str, str], client.hgetall(key)).items()):
        if not value.isdecimal():
            wrong = f"its {quoted_value(name)} is {quoted_value(value)}, not a whole number"
            yield DamagedKey(key, kind, wrong, (("HDEL", key, name),))


def _sequence(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """The last number: no event can be written when the feed has one beyond it."""
    key = keys.of(kind)
    # The number first: the feed goes on behind it, never before it.
    last, value = _last_of(client, keys.of("feed")), cast(str | None, client.get(key))
    wrong = ""
    if value is None and last:
        wrong = f"it is gone, and the feed goes up to event {last}"
    elif value is not None and not value.isdecimal():
        wrong = f"it is {quoted_value(value)}, not the number of the last event"
    elif value is not None and int(value) < last:
        wrong = f"it is {value}, and the feed goes up to event {last}"
    if wrong:
        yield DamagedKey(key, kind, wrong, (("SET", key, str(_last_number(client, keys))),))


def _beyond(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """Nothing is kept in it any more behind an entry that is no event's."""
    last, newest = _last_of(client, keys.of(kind)), _last_of(client, keys.of("feed"))
    if newest and last > newest:
        wrong = f"it goes up to {last}, and the feed to event {newest}"
        yield DamagedKey(keys.of(kind), kind, wrong, (("XDEL", keys.of(kind), f"{last}-0"),))


def _epoch(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key = keys.of(kind)
    value = cast(str | None, client.get(key))
    if value is not None and not value.isdecimal():
        # One that is gone is drawn anew, above all that were given out.
        yield DamagedKey(key, kind, f"it is {quoted_value(value)}, not a whole number", (("DEL", key),))


_CONTENT: Final[dict[str, Callable[[redis.Redis, Keys, str], Iterator[DamagedKey]]]] = {
    **dict.fromkeys(_NUMBERS, _fields),
    **dict.fromkeys(("counters", "pushed"), _counts),
    "seq": _sequence,
    "epoch": _epoch,
    "freezes_now": _in_force,
    "audit": _beyond,
}
"""What each is to hold besides its type. Members of sets and entries of presence are passed by one at a time."""

ASKED: Final = 1000
"""Logs that are asked for their last event, when the feed is lost too."""


def _last_number(client: redis.Redis, keys: Keys) -> int:
    """The highest ``sequenceId`` that the feed, or the log of a plan or of no plan, has."""
    if last := _last_of(client, keys.of("feed")):
        return last
    plan_ids: set[str] = set()
    for read in (
        lambda: client.zrevrange(keys.of("plans"), 0, ASKED - 1),
        lambda: client.smembers(keys.of("active")),
    ):
        try:
            plan_ids |= set(cast(list[str], read()))
        except redis.ResponseError:
            continue
    # Of a failed sign-in only the audit tells, besides the feed.
    logs = [keys.of("own_log"), keys.of("audit"), *(keys.of("log", plan_id) for plan_id in plan_ids)]
    return max(_last_of(client, log) for log in logs)


def _last_of(client: redis.Redis, stream: str) -> int:
    try:
        newest = cast(list[Any], client.xrevrange(stream, count=1))
    except redis.ResponseError:
        return 0
    return int(newest[0][0].partition("-")[0]) if newest else 0


def is_object(text: str) -> bool:
    """Whether it is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
