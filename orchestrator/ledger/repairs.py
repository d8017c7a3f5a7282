"""What went wrong and was put right by itself: repairs of the reconciler, and stages taken over from lost workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import redis

from orchestrator.ledger.clock import ledger_now_ms
from orchestrator.ledger.keys import Keys

SPAN_MS: Final = 600_000
SPANS: Final = 6
"""As ``scripts/includes/repairs.lua`` counts them: an hour, to ten minutes."""


@dataclass(frozen=True, slots=True)
class PutRight:
    """``repairs`` and ``recoveries`` ever; ``lately``: repairs of the last hour by the ledger's clock."""

    repairs: int
    lately: int
    recoveries: int


def put_right(client: redis.Redis, keys: Keys) -> PutRight:
    """What the namespace tells of it."""
    spans = [f"repairs:{number}" for number in range(SPANS)]
    found = cast(list[str | None], client.hmget(keys.of("meta"), "reconcilerRepairs", "recoveries", *spans))
    repairs, recoveries = (int(count or 0) for count in found[:2])
    now = ledger_now_ms(client, keys) // SPAN_MS
    lately = sum(_count(text, now) for text in found[2:] if text)
    return PutRight(repairs, lately, recoveries)


def _count(text: str, now: int) -> int:
    span, count = text.split(" ")
    # What a lost clock left in the future is told by no time, so it is old.
    return int(count) if now - SPANS < int(span) <= now else 0
