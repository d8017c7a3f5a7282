"""Which keys of one plan, and of what its tasks stand in, a hand, or a lost disk, has damaged; what puts each right.

Each stops what goes by it alone. What is deleted here is made again by the reconciler, from the tasks' records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import redis

from orchestrator.ledger.damage import ENDED_LOOKED_AT
from orchestrator.ledger.damaged_key import DamagedKey
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look
from orchestrator.ledger.odd_members import no_numbers, no_texts, remove_scores
from orchestrator.ledger.stream_ends import behind

OF_A_PLAN: Final = {"queue": "zset", "slots": "set", "plan_paused": "set", "log": "stream"}
"""The keys that a plan has one of, beside its record (``damage.py``), as Redis calls them."""

INFINITE: Final = "infinite"
"""What the script says of a sorted set with scores that nobody stands at."""

LOOKED_AT: Final = 500
"""Tasks that one script looks at."""


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
        other = {one.kind for one in found}
        for kind, belongs in OF_A_PLAN.items():
            if kind in other:
                continue
            found += (
                _beyond(self._client, self._keys, plan_id) if kind == "log" else self._members(kind, belongs, plan_id)
            )
        return found

    def _members(self, kind: str, belongs: str, plan_id: str) -> Iterator[DamagedKey]:
        key = self._keys.of(kind, plan_id)
        for wrong, mend in no_texts(self._client, key, belongs):
            yield DamagedKey(key, kind, wrong, mend)
        if belongs == "zset":
            for wrong, mend in no_numbers(self._client, key, put_back_at=None):
                yield DamagedKey(key, kind, wrong, mend)

    def damaged_of_ended(self) -> list[tuple[str, DamagedKey]]:
        """Those of another type of the plans that ended last, with the plan's id."""
        plan_ids = cast(list[str], self._client.zrevrange(self._keys.of("ended"), 0, ENDED_LOOKED_AT - 1))
        asked = [(plan_id, kind, belongs) for plan_id in plan_ids for kind, belongs in OF_A_PLAN.items()]
        with self._client.pipeline(transaction=False) as pipeline:
            for plan_id, kind, _ in asked:
                pipeline.type(self._keys.of(kind, plan_id))
            types = cast(list[str], pipeline.execute())
        return [
            (plan_id, _of_another_type(self._keys.of(kind, plan_id), kind, is_now, belongs))
            for (plan_id, kind, belongs), is_now in zip(asked, types, strict=True)
            if is_now not in (belongs, "none")
        ]

    def places(self, plan_id: str, first: int, end: int, *, ended_too: bool = False) -> Iterator[list[DamagedPlace]]:
        """Those of the plan's open tasks from position ``first`` to before ``end``, with ``ended_too`` the tenants of
        the others as well: a list for each step of a bounded size, of which two may have the same key."""
        for position in range(first, end, LOOKED_AT):
            step = (plan_id, position, min(LOOKED_AT, end - position), int(ended_too))
            yield [
                DamagedPlace(int(at), str(tenant), self._place(str(key), kind, is_now, belongs))
                for at, tenant, kind, key, is_now, belongs in look(self._client, self._keys, "damaged_places", step)
            ]

    def _place(self, key: str, kind: str, is_now: str, belongs: str) -> DamagedKey:
        if is_now != INFINITE:
            return _of_another_type(key, kind, is_now, belongs)
        return DamagedKey(key, kind, "it has a score that is no place", remove_scores(key))


def _of_another_type(key: str, kind: str, is_now: str, belongs: str) -> DamagedKey:
    return DamagedKey(key, kind, f"it is a {is_now}, not a {belongs}", (("DEL", key),))


def _beyond(client: redis.Redis, keys: Keys, plan_id: str) -> Iterator[DamagedKey]:
    """No event of the plan can be written when its log has one beyond the namespace's last. Where the feed has one too,
    or nobody knows the last, not the log is to blame (see ``damaged_keys.py``)."""

    def last_number() -> int:
        return int(cast(str | None, client.get(keys.of("seq"))) or 0)

    try:
        if not last_number() or any(behind(client, keys.of("feed"), last_number)):
            return
    except (redis.ResponseError, ValueError):
        return
    key = keys.of("log", plan_id)
    for wrong, mend in behind(client, key, last_number):
        yield DamagedKey(key, "log", wrong, mend)
