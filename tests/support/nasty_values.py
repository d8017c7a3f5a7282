"""What a hand can leave where a number, a word or JSON belongs; and all records of a namespace, to plant it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, cast

import redis

from tests.support.ledger_world import LedgerWorld

DEEP: Final = "[" * 100_000
HALF: Final = '"\\ud800"'
TEXTS: Final[tuple[str | bytes, ...]] = (
    *("1e999", "-1e999", "nan", "inf", "1e308", "9" * 5000, "9" * 15, "-1", "1.5", "0x10", "\N{SUPERSCRIPT TWO}"),
    *(DEEP, '{"a":' * 100_000, '{"a":' * 300 + "1" + "}" * 300, HALF, '{"a":1e999}', "[1e999]", "", "null", "[]", "{}"),
    *(b"\xff\xfe", b"\xed\xa0\x80", '"x"', "\x1b[2J\nerror: forged"),
)
"""In place of a whole field, or key."""

TOKENS: Final = (
    *("1e999", "-1e999", "NaN", "1e308", "1e3", "-1", "9" * 400, "9" * 5000, "[" * 300 + "]" * 300, DEEP),
    *(HALF, '""', "[]", "{}", "null", "true", "5", '"\\u0000"'),
)
"""In place of one member of what is JSON."""

EXTRA: Final = "zz"
"""A member that nobody reads."""


def members(text: str) -> Iterator[str]:
    """The JSON object with each member in turn, and one more, held by a mark that ``TOKENS`` replace."""
    try:
        found = json.loads(text)
    except ValueError:
        return
    if isinstance(found, dict):
        for name in (*found, EXTRA):
            yield json.dumps({**found, name: MARK})


MARK: Final = "mark"


def damaged(text: str) -> Iterator[str | bytes]:
    """All that it could have become."""
    yield from TEXTS
    for marked in members(text):
        for token in TOKENS:
            yield marked.replace(json.dumps(MARK), token)


Places = Iterator[tuple[str, str, str]]


def fields(client: redis.Redis, key: str) -> Places:
    """Each field of a hash, or the string: key, field ("" of a string), and what it holds."""
    kind = client.type(key)
    if kind == "hash":
        for field, text in sorted(cast(dict[str, str], client.hgetall(key)).items()):
            yield key, field, text
    elif kind == "string":
        yield key, "", cast(str, client.get(key))


def plant(client: redis.Redis, key: str, field: str, value: str | bytes) -> None:
    """Writes it there, as a hand would."""
    if field:
        client.hset(key, field, cast(Any, value))
    else:
        client.set(key, value)


class Kept:
    """All keys of a namespace, to be put back as they were."""

    def __init__(self, world: LedgerWorld) -> None:
        self._client = world.client
        self._pattern = f"{world.keys.root}*"
        self._raw = redis.Redis(connection_pool=redis.ConnectionPool(**_raw(world.client)))
        names = sorted(self._raw.keys(self._pattern))
        self._kept = {name: (self._raw.dump(name), self._raw.pttl(name)) for name in names}

    def put_back(self) -> None:
        with self._raw.pipeline() as pipeline:
            for name in set(self._raw.keys(self._pattern)) - set(self._kept):
                pipeline.delete(name)
            for name, (content, ttl) in self._kept.items():
                pipeline.restore(name, max(ttl, 0), cast(bytes, content), replace=True)
            pipeline.execute()

    def close(self) -> None:
        self._raw.close()


def _raw(client: redis.Redis) -> dict[str, Any]:
    told = dict(client.connection_pool.connection_kwargs)
    return {**told, "decode_responses": False}
