"""Everything that the ledger holds, read for the checker. For quiet moments and tests: it is not one atomic read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import redis

from orchestrator.domain.task_id import task_ids_of
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import PAGE, Reader


@dataclass(slots=True)
class LedgerDump:
    """The records, locks, slots, queues and leases of one namespace; times in ms by Redis' clock."""

    now_ms: int
    seq: int = 0
    epoch: int = 0
    meta: Mapping[str, str] = field(default_factory=dict)
    plans: dict[str, dict[str, str]] = field(default_factory=dict)
    tasks: dict[str, dict[str, str]] = field(default_factory=dict)
    tenants: dict[str, dict[str, str]] = field(default_factory=dict)
    slots: dict[str, set[str]] = field(default_factory=dict)
    queues: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    checkpoints: set[str] = field(default_factory=set)
    leases_queued: dict[str, float] = field(default_factory=dict)
    leases_running: dict[str, float] = field(default_factory=dict)
    deadlines: dict[str, float] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)

    def stages(self, plan_id: str) -> tuple[str, ...]:
        """Names of a plan's stages, in order; empty when the plan is not known."""
        record = self.plans.get(plan_id, {})
        return tuple(record[f"stage:{index}"] for index in range(int(record.get("stages", 0))))


def read_dump(client: redis.Redis, keys: Keys) -> LedgerDump:
    """Reads the whole namespace in few round trips; ``client`` decodes its answers."""
    reader = Reader(client, keys)
    seconds, micros = client.time()
    ids = reader.plan_ids()
    plans = dict(zip(ids, reader.plan_records(ids), strict=True))
    task_ids = [
        task_id for plan_id, record in plans.items() for task_id in task_ids_of(plan_id, int(record.get("written", 0)))
    ]
    tasks = dict(zip(task_ids, reader.task_records(task_ids), strict=True))
    tenant_ids = sorted({record["tenant"] for record in tasks.values() if record})

    def each(kind: str, identifiers: list[str], command: str, *arguments: Any) -> dict[str, Any]:
        found: list[Any] = []
        for start in range(0, len(identifiers), PAGE):
            with client.pipeline(transaction=False) as pipeline:
                for identifier in identifiers[start : start + PAGE]:
                    getattr(pipeline, command)(keys.of(kind, identifier), *arguments)
                found += pipeline.execute()
        return dict(zip(identifiers, found, strict=True))

    def scores(kind: str) -> dict[str, float]:
        return dict(cast(list[tuple[str, float]], client.zrange(keys.of(kind), 0, -1, withscores=True)))

    return LedgerDump(
        now_ms=seconds * 1000 + micros // 1000,
        seq=int(cast(str, client.get(keys.of("seq"))) or 0),
        epoch=int(cast(str, client.get(keys.of("epoch"))) or 0),
        meta=cast(dict[str, str], client.hgetall(keys.of("meta"))),
        plans=plans,
        tasks=tasks,
        tenants=dict(zip(tenant_ids, reader.tenant_records(tenant_ids), strict=True)),
        slots={plan_id: set(found) for plan_id, found in each("slots", ids, "smembers").items()},
        queues=each("queue", ids, "zrange", 0, -1),
        lines=each("line", tenant_ids, "zrange", 0, -1),
        checkpoints={task_id for task_id, found in each("checkpoint", task_ids, "exists").items() if found},
        leases_queued=scores("leases_queued"),
        leases_running=scores("leases_running"),
        deadlines=scores("deadlines"),
        active=cast(set[str], client.smembers(keys.of("active"))),
    )
