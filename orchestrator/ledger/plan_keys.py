"""Which keys of one plan, and of what its tasks stand in, a hand, or a lost disk, has damaged; what puts each right.

Each stops what goes by it alone. What is deleted here is made again by the reconciler, from the tasks' records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import redis

from orchestrator.ledger.damaged_keys import DamagedKey, RedisCommand
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look

OF_A_PLAN: Final = {"queue": "zset", "slots": "set", "plan_paused": "set", "log": "stream"}
"""The keys that a plan has one of, beside its record (``damage.py``), as Redis calls them."""

LOOKED_AT: Final = 500
"""Tasks that one script looks at."""

MOST_BEYOND: Final = 20
"""Entries of a log beyond the last event that are taken out one by one."""


@dataclass(frozen=True, slots=True)
class DamagedPlace:
    """A damaged key, and the first of a plan's tasks that goes by it."""

    position: int
    tenant_id: str
    key: DamagedKey


class PlanKeys:
    """The questions about them, of one namespace."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def damaged(self, plan_id: str) -> list[DamagedKey]:
        """Those that the plan itself goes by."""
        with self._client.pipeline(transaction=False) as pipeline:
            for kind in OF_A_PLAN:
                pipeline.type(self._keys.of(kind, plan_id))
            types = cast(list[str], pipeline.execute())
        found = [
            _of_another_type(self._keys.of(kind, plan_id), kind, is_now, belongs)
            for (kind, belongs), is_now in zip(OF_A_PLAN.items(), types, strict=True)
            if is_now not in (belongs, "none")
        ]
        return (
            found if any(one.kind == "log" for one in found) else [*found, *_beyond(self._client, self._keys, plan_id)]
        )

    def places(self, plan_id: str, first: int, end: int) -> Iterator[list[DamagedPlace]]:
        """Those of the plan's open tasks from position ``first`` to before ``end``: a list for each step of a bounded
        size, of which two may have the same key."""
        for position in range(first, end, LOOKED_AT):
            step = (plan_id, position, min(LOOKED_AT, end - position))
            yield [
                DamagedPlace(int(at), str(tenant), _of_another_type(key, kind, is_now, belongs))
                for at, tenant, kind, key, is_now, belongs in look(self._client, self._keys, "damaged_places", step)
            ]


def _of_another_type(key: str, kind: str, is_now: str, belongs: str) -> DamagedKey:
    return DamagedKey(key, kind, f"it is a {is_now}, not a {belongs}", (("DEL", key),))


def _beyond(client: redis.Redis, keys: Keys, plan_id: str) -> Iterator[DamagedKey]:
    """No event of the plan can be written when its log has one beyond the namespace's last. Where the feed has one too,
    or nobody knows the last, not the log is to blame (see ``damaged_keys.py``)."""
    try:
        last = int(cast(str | None, client.get(keys.of("seq"))) or 0)
        if not last or client.xrange(keys.of("feed"), min=f"({last}-0", count=1):
            return
    except (redis.ResponseError, ValueError):
        return
    key = keys.of("log", plan_id)
    entries = cast(Sequence[tuple[str, Any]], client.xrange(key, min=f"({last}-0", count=MOST_BEYOND + 1))
    if not entries:
        return
    mend: tuple[RedisCommand, ...] = (("DEL", key),)
    if len(entries) <= MOST_BEYOND:
        mend = (("XDEL", key, *(entry for entry, _ in entries)), ("XSETID", key, f"{last}-0"))
    wrong = f"it has an entry {entries[0][0]}, and the namespace's last event is {last}"
    yield DamagedKey(key, "log", wrong, mend)
