"""What metrics are read from: the ledger's counters and the sizes of its indexes, in three round trips.

Nothing here looks at a task. The plans that have not ended are looked at one by one, each at the same price whatever
its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import redis

from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.clock import ledger_now_ms, shown_time
from orchestrator.ledger.hooks import HookReads, HookState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.move_room import PART_FIELDS, PLAN_FIELDS, fields_of, open_wave
from orchestrator.ledger.presence import Process, alive
from orchestrator.ledger.records import Record

PAGE: Final = 500
"""Plans asked for in one round trip."""

_STATES: Final = (*(state.value for state in TaskState), "rollbackRequested", "lined")
_FIELDS: Final = tuple(dict.fromkeys((*PLAN_FIELDS, *PART_FIELDS, *(f"n:{name}" for name in _STATES))))
_FIRST_MOVE: Final = 1e12
"""Scores of a queue below are rollbacks' (see ``includes/task.lua``)."""
_HEAD: Final = ("frozenBy", "groupFor", "waitingSince")
"""Of the task at the head of a plan with one slot: what it waits for, and with it all behind it."""


@dataclass(frozen=True, slots=True)
class PlanSample:
    """One plan that has not ended. ``tasks``: by status; besides ``rollbackRequested``, and ``lined``: those that stand
    in their tenant's line. ``record``: of its fields those that ``move_room`` goes by, of its waves the one that is not
    done with. ``queued_moves``: those that stand in its queue, and so neither wait for a freeze nor for a group.
    ``head_waits``: the field of ``_HEAD`` that says what the head of a plan with one slot waits for, "" for nothing."""

    plan_id: str
    status: str
    slots: int
    slots_used: int
    tasks: Mapping[str, int]
    log_length: int
    record: Record
    queued_moves: int
    head_waits: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The ledger at one moment; counts are whole numbers, times ms of the ledger's clock."""

    now_ms: int = 0
    shown_ms: int = 0
    """The time that people are shown."""
    frozen: int = 0
    """Tasks that wait for the end of a freeze."""
    group_lines: int = 0
    """Groups with tasks that wait for them."""
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
        pipeline.zcard(keys.of("grouped"))
        pipeline.hgetall(keys.of("freezes"))
        counters, meta, running, queued, handed_back, beats, feed_length, active, lines, freezes = pipeline.execute()
    memory = client.info("memory")
    repairs, recoveries = (int(count or 0) for count in meta)
    return Sample(
        now_ms=ledger_now_ms(client, keys),
        shown_ms=shown_time(client, keys).shown_ms,
        frozen=_frozen(client, keys, list(freezes)),
        group_lines=lines,
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


def _frozen(client: redis.Redis, keys: Keys, freeze_ids: Sequence[str]) -> int:
    with client.pipeline(transaction=False) as pipeline:
        for freeze_id in freeze_ids:
            pipeline.zcard(keys.of("frozen", freeze_id))
        return sum(number for number in pipeline.execute(raise_on_error=False) if isinstance(number, int))


def _plans(client: redis.Redis, keys: Keys, plan_ids: Sequence[str]) -> list[PlanSample]:
    found = []
    for start in range(0, len(plan_ids), PAGE):
        page = plan_ids[start : start + PAGE]
        with client.pipeline(transaction=False) as pipeline:
            for plan_id in page:
                pipeline.hmget(keys.of("plan", plan_id), *_FIELDS)
                pipeline.scard(keys.of("slots", plan_id))
                pipeline.xlen(keys.of("log", plan_id))
                pipeline.zcount(keys.of("queue", plan_id), _FIRST_MOVE, "+inf")
                pipeline.zrange(keys.of("queue", plan_id), 0, 0)
            # A damaged record is doctor's to tell of, and hides no other plan.
            answers = pipeline.execute(raise_on_error=False)
        sizes: dict[str, tuple[int, int, int]] = {}
        records: dict[str, dict[str, str]] = {}
        heads: dict[str, str] = {}
        for number, plan_id in enumerate(page):
            told, used, length, moves, head = answers[number * 5 : number * 5 + 5]
            if isinstance(told, list) and told[0] and isinstance(used, int) and isinstance(length, int):
                records[plan_id] = _known(_FIELDS, told)
                sizes[plan_id] = (used, length, moves if isinstance(moves, int) else 0)
                if isinstance(head, list) and head and records[plan_id].get("max") == "1":
                    heads[plan_id] = head[0]
        _read_waves(client, keys, records)
        waits = _head_waits(client, keys, heads)
        found += [_plan(plan_id, record, sizes[plan_id], waits.get(plan_id, "")) for plan_id, record in records.items()]
    return found


def _read_waves(client: redis.Redis, keys: Keys, records: Mapping[str, dict[str, str]]) -> None:
    """Adds to each record what it says of the wave that is not done with."""
    waves = {plan_id: wave for plan_id, record in records.items() if (wave := open_wave(record)) is not None}
    with client.pipeline(transaction=False) as pipeline:
        for plan_id, wave in waves.items():
            pipeline.hmget(keys.of("plan", plan_id), *_names(wave))
        for (plan_id, wave), told in zip(waves.items(), pipeline.execute(), strict=True):
            records[plan_id] |= _known(_names(wave), told)


def _head_waits(client: redis.Redis, keys: Keys, heads: Mapping[str, str]) -> dict[str, str]:
    with client.pipeline(transaction=False) as pipeline:
        for task_id in heads.values():
            pipeline.hmget(keys.of("task", task_id), *_HEAD)
        answers = pipeline.execute(raise_on_error=False)
    known = {plan_id: told for plan_id, told in zip(heads, answers, strict=True) if isinstance(told, list)}
    return {plan_id: next(iter(_known(_HEAD, told)), "") for plan_id, told in known.items()}


def _names(wave: int) -> list[str]:
    return [fields_of(wave) + name for name in PART_FIELDS]


def _known(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _plan(plan_id: str, record: Record, sizes: tuple[int, int, int], head_waits: str) -> PlanSample:
    tasks = {name: max(_whole(record.get(f"n:{name}")), 0) for name in _STATES}
    used, length, moves = sizes
    slots = _whole(record.get("max"))
    return PlanSample(plan_id, record["status"], slots, used, tasks, length, record, moves, head_waits)


def _whole(text: str | None) -> int:
    return int(text) if text and counted_number(text.removeprefix("-")) is not None else 0
