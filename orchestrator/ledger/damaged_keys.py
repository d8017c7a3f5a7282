"""Which of the keys that a whole namespace goes by a hand, or a lost disk, has damaged, and what puts each right.

Of the keys of one plan, task or tenant see ``damage.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final, cast

import redis

from orchestrator.domain.errors import quoted_value
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.damaged_key import DamagedKey, RedisCommand
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.odd_members import no_numbers, no_texts
from orchestrator.ledger.shared_settings import GROUP, NAMES
from orchestrator.ledger.stream_ends import behind, is_count, last_event

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
    "meta": ("ticket", "question", "frozen", "freezes", "reconcilerRepairs", "recoveries"),
    "clock": ("at", "offset", "floor", "wall", "tickAt", "sweepNotBefore"),
    "settings": ("NEEDS", *NAMES),
}
"""Fields that hold a number if they are there at all."""

_NO_TEXT: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where a byte is no text; see ``odd_members``."""


def damaged_keys(client: redis.Redis, keys: Keys) -> list[DamagedKey]:
    """Those of this namespace, in the order of ``keys.py``."""
    with client.pipeline(transaction=False) as pipeline:
        for kind in TYPES:
            pipeline.type(keys.of(kind))
        types = dict(zip(TYPES, cast(list[str], pipeline.execute()), strict=True))
    found = [_of_another_type(client, keys, kind, is_now) for kind, is_now in types.items() if is_now not in _of(kind)]
    for kind, look in _CONTENT:
        # Of one that is not there, only its number tells.
        if types[kind] == TYPES[kind] or (types[kind] == "none" and kind == "seq"):
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
    return _told(keys, kind, f"it is a {is_now}, not a {TYPES[kind]}", mend)


def _told(keys: Keys, kind: str, wrong: str, mend: tuple[RedisCommand, ...]) -> DamagedKey:
    """Of what a script cannot go by."""
    return DamagedKey(keys.of(kind), kind, wrong, mend, kind in STOPS)


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
        if not is_object(text) and _NO_TEXT not in freeze_id:
            wrong = f"its {quoted_value(freeze_id)} is {quoted_value(text)}, not a JSON object"
            yield _told(keys, kind, wrong, (("ZADD", keys.of("freeze_times"), "0", freeze_id),))


def _fields(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key, names = keys.of(kind), [*_NUMBERS[kind]]
    if kind == "settings":
        names += sorted(name for name in cast(Mapping[str, str], client.hgetall(key)) if name.startswith(GROUP))
    is_number = _is_time if kind == "clock" else is_count
    for name, value in zip(names, cast(list[str | None], client.hmget(key, names)), strict=True):
        if value is None or is_number(value) or _NO_TEXT in name:
            continue
        mend: RedisCommand = ("HDEL", key, name)
        if name in ("ticket", "frozen", "freezes"):
            # Above all that were given out: those who wait already stay in front.
            mend = ("HSET", key, name, str(client.time()[0]))
        yield _told(keys, kind, f"its {name} is {quoted_value(value)}, not a number", (mend,))


def _counts(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key = keys.of(kind)
    for name, value in sorted(cast(Mapping[str, str], client.hgetall(key)).items()):
        if not is_count(value) and _NO_TEXT not in name:
            wrong = f"its {quoted_value(name)} is {quoted_value(value)}, not a whole number"
            yield _told(keys, kind, wrong, (("HDEL", key, name),))


def _sequence(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """The last number: no event can be written when the feed has one beyond it."""
    key = keys.of(kind)
    # The feed first: both grow in one write, so a number that is read later is never before it.
    last, value = last_event(client, keys.of("feed")), cast(str | None, client.get(key))
    wrong = ""
    if value is None and last:
        wrong = f"it is gone, and the feed goes up to event {last}"
    elif value is not None and not is_count(value):
        wrong = f"it is {quoted_value(value)}, not the number of the last event"
    elif value is not None and int(value) < last:
        wrong = f"it is {value}, and the feed goes up to event {last}"
    if wrong:
        yield _told(keys, kind, wrong, (("SET", key, str(_last_number(client, keys))),))


def _behind(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """Nothing can be written to it any more behind an entry that is no event's."""
    for wrong, mend in behind(client, keys.of(kind), lambda: _last_number(client, keys)):
        yield _told(keys, kind, wrong, mend)


def _epoch(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key = keys.of(kind)
    value = cast(str | None, client.get(key))
    if value is not None and not is_count(value):
        # One that is gone is drawn anew, above all that were given out.
        yield _told(keys, kind, f"it is {quoted_value(value)}, not a whole number", (("DEL", key),))


def _members(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    """They stop nobody, but that a freeze whose record cannot be read stops all."""
    key, stops = keys.of(kind), kind == "freezes_now"
    for wrong, mend in no_texts(client, key, TYPES[kind]):
        yield DamagedKey(key, kind, wrong, mend, stops)


def _scores(client: redis.Redis, keys: Keys, kind: str) -> Iterator[DamagedKey]:
    key = keys.of(kind)
    now = {"": "0", "now": str(client.time()[0] * 1000)}
    at = None if kind in _MADE_ANEW else now["now" if kind in ("plans", "drafts", "hooks") else ""]
    for wrong, mend in no_numbers(client, key, put_back_at=at):
        yield DamagedKey(key, kind, wrong, mend)


_MADE_ANEW: Final = frozenset(("ended", "lost", "deadlines", "beats", "handed_back"))
"""What is taken out of them comes again, or has been told; in the others it is looked at next."""

_Look = Callable[[redis.Redis, Keys, str], Iterator[DamagedKey]]
_CONTENT: Final[tuple[tuple[str, _Look], ...]] = (
    *((kind, _fields) for kind in _NUMBERS),
    *((kind, _counts) for kind in ("counters", "pushed")),
    ("seq", _sequence),
    ("epoch", _epoch),
    ("freezes_now", _in_force),
    *((kind, _behind) for kind in ("feed", "own_log", "audit")),
    *((kind, _members) for kind, belongs in TYPES.items() if belongs in ("hash", "set", "zset")),
    # Of a purge it is counted anew.
    *((kind, _scores) for kind, belongs in TYPES.items() if belongs == "zset" and kind != "purges"),
)
"""What each is to hold besides its type. Members of sets and entries of presence are passed by one at a time."""

ASKED: Final = 1000
"""Logs that are asked for their last event, when the feed is lost too."""


def _last_number(client: redis.Redis, keys: Keys) -> int:
    """Of the last event, as far as anything tells it."""
    told: list[int] = []
    with suppress(redis.ResponseError):
        value = cast(str | None, client.get(keys.of("seq")))
        told = [int(value)] if value is not None and is_count(value) else []
    if last := last_event(client, keys.of("feed")):
        return max([last, *told])
    if told:
        return told[0]
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
    return max(last_event(client, log) for log in logs)


def is_object(text: str) -> bool:
    """Whether it is a JSON object."""
    try:
        return isinstance(read_stored(text), dict)
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    """Or what is added to one."""
    whole, _, part = text.removeprefix("-").partition(".")
    return is_count(whole) and (part.isdecimal() or not part)
