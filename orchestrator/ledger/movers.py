"""Who moves tenants now, or moved them last: of many tenants in few round trips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

import redis

from orchestrator.ledger.damaged_key_words import damaged_key
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look
from orchestrator.ledger.refusals import is_damage

ASKED: Final = 1000
"""Tenants asked for in one script: one or two milliseconds of Redis' time."""


def movers(client: redis.Redis, keys: Keys, tenant_ids: Sequence[str]) -> Iterator[tuple[int, set[str]]]:
    """Of each tenant that has any, its place in the list and its tasks: the holder and the newest."""
    for start in range(0, len(tenant_ids), ASKED):
        for place, *tasks in look(client, keys, "find_movers", tenant_ids[start : start + ASKED]):
            yield start + int(place), {task for task in tasks if task}


def task_of_tenant(client: redis.Redis, keys: Keys, tenant_id: str) -> str | None:
    """The task that holds the tenant, else its first waiter, else its newest task. Raises ``ResponseError``, naming the
    key, where one is of another type."""
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hmget(keys.of("tenant", tenant_id), "holder", "newest")
        pipeline.zrange(keys.of("line", tenant_id), 0, 0)
        record, line = pipeline.execute(raise_on_error=False)
    for kind, answer in (("tenant", record), ("line", line)):
        if is_damage(answer):
            raise damaged_key(keys.of(kind, tenant_id))
        if isinstance(answer, Exception):
            raise answer
    holder, newest = record
    return cast(str | None, holder or (line[0] if line else None) or newest)
