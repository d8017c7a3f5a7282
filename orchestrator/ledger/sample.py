"""What metrics are read from: the ledger's counters and the sizes of its indexes, in three round trips.

Nothing here looks at a task. The plans that have not ended are looked at one by one, each at the same price whatever
its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import redis

from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.clock import ledger_now_ms
from orchestrator.ledger.hooks import HookReads, HookState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.presence import Process, alive

PAGE: Final = 500
"""Plans asked for in one round trip."""

_OPEN: Final = (TaskState.PENDING, TaskState.RUNNING, TaskState.PAUSED, TaskState.ROLLING_BACK)
_STATES: Final = (*(state.value for state in _OPEN), "rollbackRequested", "lined")
_FIELDS: Final = ("status", "max", "pauseRequested", "cancelRequested", *(f"n:{name}" for name in _STATES))


@dataclass(frozen=True, slots=True)
class PlanSample:
    """One plan that has not ended. ``tasks``: by status; besides ``rollbackRequested``, and ``lined``: those that stand
    in their tenant's line."""

    plan_id: str
    status: str
    slots: int
    slots_used: int
    is_pausing: bool
    is_cancelling: bool
    tasks: Mapping[str, int]
    log_length: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The ledger at one moment; counts are whole numbers, times ms of the ledger's clock."""

    now_ms: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    """Of ``includes/counters.lua``."""
    repairs: int = 0
    recoveries: int = 0
    turns_running: int = 0
    turns_queued: int = 0
    turns_handed_back: int = 0
    oldest_beat_ms: float | None = None
    feed_length: int = 0
    plans: Sequence[PlanSample] = ()
    processes: Sequence[Process] = ()
    hooks: Sequence[HookState] = ()
    last_sequence_id: int = 0
    memory_bytes: int = 0
    memory_limit_bytes: int = 0


def read_sample(client: redis.Redis, keys: Keys) -> Sample:
    """Reads it. Raises what the client raises."""
    # No transaction, which a full Redis would refuse: what is told of a full one matters most.
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(keys.of("counters"))
        pipeline.hmget(keys.of("meta"), "reconcilerRepairs", "recoveries")
        pipeline.zcard(keys.of("leases_running"))
        pipeline.zcard(keys.of("leases_queued"))
        pipeline.zcard(keys.of("handed_back"))
        pipeline.zrange(keys.of("beats"), 0, 0, withscores=True)
        pipeline.xlen(keys.of("feed"))
        pipeline.smembers(keys.of("active"))
        counters, meta, running, queued, handed_back, beats, feed_length, active = pipeline.execute()
    memory = client.info("memory")
    repairs, recoveries = (int(count or 0) for count in meta)
    return Sample(
        now_ms=ledger_now_ms(client, keys),
        counters={name: int(value) for name, value in counters.items()},
        repairs=repairs,
        recoveries=recoveries,
        turns_running=running,
        turns_queued=queued,
        turns_handed_back=handed_back,
        oldest_beat_ms=beats[0][1] if beats else None,
        feed_length=feed_length,
        plans=_plans(client, keys, sorted(active)),
        processes=alive(client, keys),
        hooks=HookReads(client, keys).all(),
        last_sequence_id=HookReads(client, keys).last_sequence_id(),
        memory_bytes=int(memory["used_memory"]),
        memory_limit_bytes=int(memory.get("maxmemory", 0)),
    )


def _plans(client: redis.Redis, keys: Keys, plan_ids: Sequence[str]) -> list[PlanSample]:
    found = []
    for start in range(0, len(plan_ids), PAGE):
        page = plan_ids[start : start + PAGE]
        with client.pipeline(transaction=False) as pipeline:
            for plan_id in page:
                pipeline.hmget(keys.of("plan", plan_id), *_FIELDS)
                pipeline.scard(keys.of("slots", plan_id))
                pipeline.xlen(keys.of("log", plan_id))
            # A damaged record is doctor's to tell of, and hides no other plan.
            answers = pipeline.execute(raise_on_error=False)
        for plan_id, record, used, length in zip(page, answers[::3], answers[1::3], answers[2::3], strict=True):
            if isinstance(record, list) and record[0] and isinstance(used, int) and isinstance(length, int):
                found.append(_plan(plan_id, record, used, length))
    return found


def _plan(plan_id: str, record: Sequence[Any], slots_used: int, log_length: int) -> PlanSample:
    status, slots, pausing, cancelling, *numbers = record
    tasks = {name: max(_whole(number), 0) for name, number in zip(_STATES, numbers, strict=True)}
    return PlanSample(plan_id, status, _whole(slots), slots_used, pausing == "1", cancelling == "1", tasks, log_length)


def _whole(text: str | None) -> int:
    return int(text) if text and counted_number(text.removeprefix("-")) is not None else 0
