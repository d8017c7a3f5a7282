"""Reads of freezes. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from orchestrator.domain.events import Event
from orchestrator.fleet.freezes import FreezeRecord, read_freeze
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.log_entries import event_of


@dataclass(frozen=True, slots=True)
class StoredFreeze:
    """One that is set, with its record as stored; ``record`` is None when that cannot be read. ``waiting``: tasks that
    wait for its end."""

    freeze_id: str
    text: str
    record: FreezeRecord | None
    waiting: int = 0


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
            waiting = pipeline.execute()
        return [StoredFreeze(name, found[name], _read(found[name]), n) for name, n in zip(ids, waiting, strict=True)]

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

    def told_now_ms(self) -> int:
        """The time that freezes go by: the one that people are shown (see ``includes/clock.lua``)."""
        seconds, micros = self._client.time()
        told = cast(str | None, self._client.hget(self._keys.of("clock"), "wall"))
        return max(int(seconds) * 1000 + int(micros) // 1000, int(told) if told and told.isdecimal() else 0)


def _read(text: str) -> FreezeRecord | None:
    try:
        return read_freeze(text)
    except ValueError:
        return None
