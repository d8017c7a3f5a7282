"""Reads of freezes. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import redis

from orchestrator.domain.events import Event
from orchestrator.domain.stored_json import read_stored
from orchestrator.fleet.freezes import FreezeRecord, Scope, read_freeze
from orchestrator.ledger.clock import shown_time
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.log_entries import event_of

PAGE: Final = 1000
"""Events read in one round trip."""


@dataclass(frozen=True, slots=True)
class StoredFreeze:
    """One that is set, with its record as stored; ``record`` is None when that cannot be read. ``waiting``: tasks that
    wait for its end. ``stops``: whom admissions stop for it now, None for nobody. ``looked_at_ms``: when that is worked
    out anew, None for never."""

    freeze_id: str
    text: str
    record: FreezeRecord | None
    waiting: int = 0
    stops: Scope | None = None
    looked_at_ms: float | None = None


class FreezeReads:
    """The questions about freezes of one namespace."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def all(self) -> list[StoredFreeze]:
        """Every freeze that is set and not over, in the order in which they were set."""
        found = cast(dict[str, str], self._client.hgetall(self._keys.of("freezes")))
        ids = sorted(found, key=lambda name: (len(name), name))
        with self._client.pipeline(transaction=False) as pipeline:
            for freeze_id in ids:
                pipeline.zcard(self._keys.of("frozen", freeze_id))
                pipeline.hget(self._keys.of("freezes_now"), freeze_id)
                pipeline.zscore(self._keys.of("freeze_times"), freeze_id)
            # Who waits for one may be damaged: that hides no other.
            answers = pipeline.execute(raise_on_error=False)
        facts = zip(answers[::3], answers[1::3], answers[2::3], strict=True)
        return [
            StoredFreeze(name, found[name], _read(found[name]), _or(waiting, 0), _stops(_or(now, None)), _or(at, None))
            for name, (waiting, now, at) in zip(ids, facts, strict=True)
        ]

    def of(self, freeze_ids: Sequence[str]) -> dict[str, FreezeRecord]:
        """The records of these freezes, as far as they are there and can be read."""
        if not freeze_ids:
            return {}
        texts = cast(list[str | None], self._client.hmget(self._keys.of("freezes"), list(freeze_ids)))
        read = {name: _read(text) for name, text in zip(freeze_ids, texts, strict=True) if text is not None}
        return {name: record for name, record in read.items() if record is not None}

    def labels_of(self, tenant_id: str) -> dict[str, str]:
        """The labels that the tenant's newest task gives it."""
        newest = cast(str | None, self._client.hget(self._keys.of("tenant", tenant_id), "newest"))
        text = self._client.hget(self._keys.of("task", newest), "labels") if newest else None
        pairs = (line.partition("=") for line in cast(str, text or "").splitlines())
        return {key: value for key, _, value in pairs}

    def events(self) -> list[Event]:
        """The newest events of no plan; the feed may have lost them by now."""
        page = cast(list[Any], self._client.xrange(self._keys.of("own_log")))
        return [event_of(identifier, fields, None) for identifier, fields in page]

    def newest_entry(self) -> int:
        """Number of the newest of them; 0 when there is none."""
        newest = cast(list[Any], self._client.xrevrange(self._keys.of("own_log"), count=1))
        return int(newest[0][0].partition("-")[0]) if newest else 0

    def own_events(self, after: str) -> Iterator[tuple[str, Event]]:
        """Those behind the entry of this id ("" for all), with their ids."""
        while True:
            first = f"({after}" if after else "-"
            page = cast(list[Any], self._client.xrange(self._keys.of("own_log"), min=first, count=PAGE))
            yield from ((entry, event_of(entry, fields, None)) for entry, fields in page)
            if len(page) < PAGE:
                return
            after = page[-1][0]

    def told_now_ms(self) -> int:
        """The time that freezes go by: the one that people are shown."""
        return shown_time(self._client, self._keys).shown_ms


def _or(answer: Any, otherwise: Any) -> Any:
    return otherwise if isinstance(answer, redis.ResponseError) else answer


def _stops(text: str | None) -> Scope | None:
    """As ``includes/freeze.lua`` reads it: all, where it cannot be read."""
    if text is None:
        return None
    try:
        now = read_stored(text)
        if now.get("all"):
            return Scope()
        return Scope("*".join(now["tenants"]) if "tenants" in now else None, now.get("label"))
    except (ValueError, TypeError, AttributeError):
        return Scope()


def _read(text: str) -> FreezeRecord | None:
    try:
        return read_freeze(text)
    except ValueError:
        return None
