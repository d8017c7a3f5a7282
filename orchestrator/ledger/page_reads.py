"""Reads that a page of a list stands on: each from a place on, in steps whose cost does not grow with what there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import redis

from orchestrator.domain.events import Event
from orchestrator.ledger.damaged_key_words import reading
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.log_entries import event_of

TIES: Final = 64
"""Plans read beside a page's own: those that were created in the same millisecond as the place it begins at."""


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """A plan's place among all, which it keeps when others come and go: when it was created (ms), and its id."""

    created_ms: int
    plan_id: str

    def __str__(self) -> str:
        return f"{self.created_ms}:{self.plan_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The other way. Raises ``ValueError``."""
        created, parted, plan_id = text.partition(":")
        if not parted or not plan_id or not (created.isascii() and created.isdecimal() and len(created) <= 15):
            raise ValueError(text)
        return cls(int(created), plan_id)


class PageReads:
    """On one namespace; nothing here writes."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def plans_after(self, place: PlanPlace | None, limit: int) -> list[PlanPlace]:
        """The next ``limit`` plans that are older than the place, the newest first; without one from the newest on."""
        found: list[PlanPlace] = []
        offset, most = 0, "+inf" if place is None else str(place.created_ms)
        while len(found) < limit:
            step = self._client.zrevrangebyscore(
                self._keys.of("plans"), most, "-inf", start=offset, num=limit + TIES, withscores=True
            )
            rows = cast(list[tuple[str, float]], step)
            found += [
                PlanPlace(int(score), plan_id)
                for plan_id, score in rows
                # Of those of one moment the greater id stands first.
                if place is None or (int(score), plan_id) < (place.created_ms, place.plan_id)
            ]
            if len(rows) < limit + TIES:
                break
            offset += len(rows)
        return found[:limit]

    def task_traits(self, task_ids: Sequence[str]) -> list[tuple[str, str]]:
        """Of each task its tenant and its labels, a label (``key=value``) a line; "" for what is not known."""
        with self._client.pipeline(transaction=False) as pipeline:
            for task_id in task_ids:
                pipeline.hmget(self._keys.of("task", task_id), "tenant", "labels")
            answers = pipeline.execute(raise_on_error=False)
        # What a hand has made another kind of value hides no other.
        return [("", "") if isinstance(one, Exception) else (one[0] or "", one[1] or "") for one in answers]

    def waiting_for_tenant(self, tenant_id: str) -> int:
        """How many tasks stand in the tenant's line."""
        return int(self._client.zcard(self._keys.of("line", tenant_id)))

    def events(self, plan_id: str | None, since: int, limit: int) -> list[Event]:
        """At most ``limit`` events after sequence number ``since``: of a plan's log, or of the namespace's feed."""
        key = self._keys.of("feed") if plan_id is None else self._keys.of("log", plan_id)
        with reading(key):
            page = cast(list[Any], self._client.xrange(key, min=f"({since}-0", max="+", count=limit))
        return [event_of(identifier, fields, plan_id) for identifier, fields in page]

    def events_before(self, plan_id: str, sequence_id: int | None, limit: int) -> list[Event]:
        """At most ``limit`` events of a plan's log, the newest first: those older than ``sequence_id``, or the last."""
        newest = "+" if sequence_id is None else f"({sequence_id}-0"
        key = self._keys.of("log", plan_id)
        with reading(key):
            page = cast(list[Any], self._client.xrevrange(key, newest, "-", count=limit))
        return [event_of(identifier, fields, plan_id) for identifier, fields in page]

    def next_events(self, since: int, limit: int, block_seconds: float) -> list[Event]:
        """At most ``limit`` events of the feed after ``since``, as soon as there is one; none after so many seconds."""
        answer = self._client.xread(
            {self._keys.of("feed"): f"{since}-0"}, count=limit, block=round(block_seconds * 1000)
        )
        pages = cast(Any, answer) or []
        pages = pages.items() if isinstance(pages, dict) else pages
        return [event_of(identifier, fields, None) for _, page in pages for identifier, fields in _flat(page)]


def _flat(page: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """RESP3 wraps what is read of a stream in one more list."""
    for entry in page:
        if entry and isinstance(entry[0], str):
            yield entry
        else:
            yield from entry
