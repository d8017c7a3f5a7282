"""Reads of what was asked for (the stream ``audit``), and of what came of it in a plan's log. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import redis

from orchestrator.domain.events import Event
from orchestrator.ledger.damaged_key_words import reading
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.log_entries import event_of

PAGE: Final = 1000
_WITHDRAWS: Final = '"withdraws":"rollback"'
"""In an event's options. What people give stands there with its quotation marks escaped."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a plan's log as far as it tells an end: number, type, task ('' of the plan itself), stored time, and
    whether it takes a rollback back that was asked for."""

    sequence_id: int
    type: str
    task_id: str
    at_ms: str
    withdraws: bool


class AuditReads:
    """Of one namespace."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def asked(self, since: int) -> Iterator[Event]:
        """What was asked for after this sequence id, in order."""
        for identifier, fields in self._entries(self._keys.of("audit"), since):
            yield event_of(identifier, fields, None)

    def asked_before(self, until: int | None) -> Iterator[Event]:
        """What was asked for before this sequence id, or at all, the newest first."""
        key, position = self._keys.of("audit"), "+" if until is None else f"({until}-0"
        while True:
            page = cast(list[Any], self._client.xrevrange(key, max=position, min="-", count=PAGE))
            for identifier, fields in page:
                yield event_of(identifier, fields, None)
            if len(page) < PAGE:
                return
            position = f"({page[-1][0]}"

    def happened(self, plan_id: str, since: int) -> Iterator[Happened]:
        """What the plan's log holds after this sequence id, in order; nothing when it is gone."""
        for identifier, fields in self._entries(self._keys.of("log", plan_id), since):
            number = int(identifier.partition("-")[0])
            withdraws = _WITHDRAWS in fields.get("d", "")
            yield Happened(number, fields.get("e", ""), fields.get("k", ""), fields.get("t", ""), withdraws)

    def has_log(self, plan_id: str) -> bool:
        """Whether the plan is kept."""
        return bool(self._client.exists(self._keys.of("log", plan_id)))

    def _entries(self, key: str, since: int) -> Iterator[tuple[str, dict[str, str]]]:
        position = f"({since}-0"
        while True:
            with reading(key):
                page = cast(list[Any], self._client.xrange(key, min=position, max="+", count=PAGE))
            yield from page
            if len(page) < PAGE:
                return
            position = f"({page[-1][0]}"
