"""What stands in a stream of events behind the last event: no event can be written to it then.

A hand has put an entry there; or has taken it out again, and the stream keeps its number all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

import redis
from redis.exceptions import NoPermissionError

from orchestrator.domain.stored_json import COUNTED, read_stored
from orchestrator.ledger.damaged_key import RedisCommand

MOST_TAKEN: Final = 20
"""Entries that are taken out by their names; of more, one script takes all."""

LOOKED_AT: Final = 1000
"""The newest entries of a stream, among which its last event is looked for."""

_FIELDS: Final = ("p", "e", "t", "d")
_TAKE_ALL: Final = (
    'for _,e in ipairs(redis.call("XRANGE",KEYS[1],"("..ARGV[1],"+")) do redis.call("XDEL",KEYS[1],e[1]) end '
    'return redis.call("XSETID",KEYS[1],ARGV[1])'
)

_Entry = tuple[str, Mapping[str, str]]


def is_count(text: str) -> bool:
    """Whether it is a number that one more can be added to."""
    return COUNTED.fullmatch(text) is not None


def last_event(client: redis.Redis, stream: str) -> int:
    """Number of the newest entry that is an event; 0 when there is none, or no such stream."""
    try:
        newest = cast(Sequence[_Entry], client.xrevrange(stream, count=1))
        if newest and not _is_event(*newest[0]):
            newest = cast(Sequence[_Entry], client.xrevrange(stream, count=LOOKED_AT))
    except redis.ResponseError:
        return 0
    return next((int(name.partition("-")[0]) for name, fields in newest if _is_event(name, fields)), 0)


def behind(
    client: redis.Redis, stream: str, last_number: Callable[[], int]
) -> Iterator[tuple[str, tuple[RedisCommand, ...]]]:
    """What is wrong with a stream that has something behind the last event, and what takes that out.

    ``last_number`` reads the number of that. It only grows, in the write of the event, so it is asked again once the
    stream has been read: what stands behind it then was no event's number when it was read.
    """
    first = last_number()
    entries = cast(Sequence[_Entry], client.xrange(stream, min=f"({first}-0", count=MOST_TAKEN + 1))
    told = (first, 0) if entries else _end_of(client, stream)
    if not entries and told <= (first, 0):
        return
    last = last_number()
    end = ("XSETID", stream, f"{last}-0")
    if not entries:
        if told > (last, 0):
            wrong = f"its end is {told[0]}-{told[1]}, and the namespace's last event is {last}"
            yield wrong, (end,)
        return
    count, entries = len(entries), [entry for entry in entries if _place(entry[0]) > (last, 0)]
    if not entries:
        return
    mend: tuple[RedisCommand, ...] = (("XDEL", stream, *(name for name, _ in entries)), end)
    if count > MOST_TAKEN:
        mend = (("EVAL", _TAKE_ALL, "1", stream, f"{last}-0"),)
    yield f"it has an entry {entries[0][0]}, and the namespace's last event is {last}", mend


def _is_event(name: str, fields: Mapping[str, str]) -> bool:
    number, _, part = name.partition("-")
    if part != "0" or not is_count(number) or not all(field in fields for field in _FIELDS):
        return False
    try:
        return isinstance(read_stored(fields["d"]), dict)
    except ValueError:
        return False


def _end_of(client: redis.Redis, stream: str) -> tuple[int, int]:
    """The highest number that it has ever had."""
    try:
        told = client.xinfo_stream(stream)["last-generated-id"]
    except NoPermissionError:
        # A user of before 0.2 may not ask.
        return 0, 0
    except redis.ResponseError:
        return 0, 0
    return _place(str(told))


def _place(name: str) -> tuple[int, int]:
    number, _, part = name.partition("-")
    return int(number), int(part)
