"""Reads the whole ledger for the checker: up to some tens of thousands of keys in one transaction, so that a dump taken
while things run shows one moment. A larger ledger is read in pages, for quiet moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

import redis
from redis.exceptions import OutOfMemoryError, ResponseError

from orchestrator.domain.errors import DamagedData, quoted_value
from orchestrator.domain.events import Event
from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.domain.task_id import plan_of, tasks_in
from orchestrator.domain.typed import typed
from orchestrator.history.key_walk import KeyWalk
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, is_set
from orchestrator.ledger.keys import PATTERNS, Keys
from orchestrator.ledger.reader import PAGE, Reader

ATOMIC: Final = 50_000
"""Commands in one transaction: about a quarter of a second in which Redis serves nobody else."""

LOOKS: Final = 5
"""A plan that is being written, or has lost tasks, does not look whole however often one looks."""

_Call = tuple[str, tuple[Any, ...]]

_NOTHING: Final[Mapping[str, Any]] = {
    "get": None,
    "hget": None,
    "hgetall": {},
    "smembers": set(),
    "zrange": [],
    "xrange": [],
    "xlen": 0,
}
"""What is read of a key of another type."""

_MEMBERS: Final = (0, -1)
_SCORES: Final = (0, -1, False, True)


def read_log(reader: Reader) -> Iterator[Event]:
    """The namespace's log from its first event on: the feed, and before it what the plans' own logs still hold."""
    feed = reader.events(None, 0)
    first = next(feed, None)
    if first is None:
        return
    if first.sequence_id > 1:
        found = {event.sequence_id: event for event in reader.freezes.events()}
        found |= {event.sequence_id: event for plan_id in reader.plan_ids() for event in reader.events(plan_id, 0)}
        yield from (found[number] for number in sorted(found) if number < first.sequence_id)
    yield first
    yield from feed


def read_dump(client: redis.Redis, keys: Keys) -> LedgerDump:
    """Reads the namespace; ``client`` decodes its answers, and may read everything (``+@read``)."""
    for _ in range(LOOKS):
        walk = KeyWalk(client, keys)
        dump, plans = _read(client, keys, walk)
        written = sum(tasks_in(record) for record in dump.plans.values())
        # Else plans were written or taken away since the walk, or freezes made.
        if plans == walk.plans and written <= len(dump.tasks) and walk.freezes >= dump.freezes.keys() | dump.thawing:
            break
    return dump


def _read(client: redis.Redis, keys: Keys, walk: KeyWalk) -> tuple[LedgerDump, list[str]]:
    """What the walk found, at one moment, and the ids of the plans that are there by then."""
    of = keys.of
    single: dict[str, _Call] = {
        "time": ("time", ()),
        "offset": ("hget", (of("clock"), "offset")),
        "told": ("hget", (of("clock"), "wall")),
        "seq": ("get", (of("seq"),)),
        "epoch": ("get", (of("epoch"),)),
        "meta": ("hgetall", (of("meta"),)),
        "presence": ("hgetall", (of("presence"),)),
        "inbox": ("xlen", (of("inbox"),)),
        "oldest": ("xrange", (of("inbox"), "-", "+", 1)),
        "freezes": ("hgetall", (of("freezes"),)),
        "active": ("smembers", (of("active"),)),
        **{kind: ("zrange", (of(kind), *_MEMBERS)) for kind in ("plans", "drafts", "lined", "ended", "ready", "lost")},
        "due": ("zrange", (of("due"), *_MEMBERS)),
        "grouped": ("zrange", (of("grouped"), *_MEMBERS)),
        "thawing": ("zrange", (of("thawing"), *_MEMBERS)),
        **{
            kind: ("zrange", (of(kind), *_SCORES))
            for kind in ("leases_queued", "leases_running", "deadlines", "purges")
        },
    }
    tasks, tenants = sorted(walk.found["task"]), sorted(walk.found["tenant"])
    many: list[tuple[str, str, tuple[Any, ...], Sequence[str]]] = [
        ("plan", "hgetall", (), walk.plans),
        ("slots", "smembers", (), walk.plans),
        ("plan_paused", "smembers", (), walk.plans),
        ("queue", "zrange", _SCORES, walk.plans),
        ("log", "xlen", (), walk.plans),
        ("task", "hgetall", (), tasks),
        ("checkpoint", "pttl", (), tasks),
        ("tenant", "hgetall", (), tenants),
        ("frozen", "zrange", _SCORES, sorted(walk.found["frozen"])),
        ("group", "smembers", (), sorted(walk.found["group"])),
        ("group_line", "zrange", _SCORES, sorted(walk.found["group_line"])),
        ("line", "zrange", _SCORES, tenants),
    ]
    strays, expiring = list(walk.strays()), list(walk.expiring())
    commands = list(single.values())
    for kind, verb, arguments, identifiers in many:
        commands += [(verb, (of(kind, identifier), *arguments)) for identifier in identifiers]
    commands += [("pttl", (keys.root + name,)) for name in strays]
    commands += [("pttl", (of(kind, identifier),)) for kind, identifier in expiring]
    told = _run(client, commands)
    wrong = [str(arguments[0]) for (_, arguments), answer in zip(commands, told, strict=True) if _is_other(answer)]
    answers = iter(
        [_NOTHING[verb] if _is_other(answer) else answer for (verb, _), answer in zip(commands, told, strict=True)]
    )
    one = {name: next(answers) for name in single}
    each = {kind: {identifier: next(answers) for identifier in identifiers} for kind, _, _, identifiers in many}
    each["tenant"] = {name: found for name, found in each["tenant"].items() if found or of("tenant", name) in wrong}
    # -1 is a key that stays for ever.
    left = [name for name in strays if next(answers) == -1]
    left += [PATTERNS[kind].format(identifier) for kind, identifier in expiring if next(answers) == -1]
    dump = _dump(one, each, left)
    dump.other_types = wrong
    dump.sources = frozenset(_sources(client, keys, dump))
    return dump, one["plans"]


def _dump(one: Mapping[str, Any], each: Mapping[str, Mapping[str, Any]], left: Sequence[str]) -> LedgerDump:
    return LedgerDump(
        now_ms=one["time"][0] * 1000 + one["time"][1] // 1000,
        clock_offset_ms=_number(one["offset"], "offset of the clock"),
        told_ms=counted_number(one["told"]) or 0,
        seq=_number(one["seq"], "number of the last event (seq)"),
        epoch=_number(one["epoch"], "epoch"),
        meta=one["meta"],
        plans=dict(cast(Mapping[str, DumpedRecord], each["plan"])),
        tasks={task_id: record for task_id, record in each["task"].items() if record},
        tenants=dict(cast(Mapping[str, DumpedRecord], each["tenant"])),
        slots={plan_id: set(found) for plan_id, found in each["slots"].items()},
        plan_paused={plan_id: set(found) for plan_id, found in each["plan_paused"].items()},
        queues={plan_id: _pairs(found) for plan_id, found in each["queue"].items()},
        frozen={freeze_id: _pairs(found) for freeze_id, found in each["frozen"].items()},
        groups={name: set(found) for name, found in each["group"].items() if found},
        group_lines={name: _pairs(found) for name, found in each["group_line"].items() if found},
        grouped=set(one["grouped"]),
        due=set(one["due"]),
        freezes=one["freezes"],
        thawing=set(one["thawing"]),
        lines={tenant_id: _pairs(found) for tenant_id, found in each["line"].items()},
        # -2 is no checkpoint at all.
        checkpoints={task_id: ttl for task_id, ttl in each["checkpoint"].items() if ttl != -2},
        logs=dict(each["log"]),
        leases_queued=_pairs(one["leases_queued"]),
        leases_running=_pairs(one["leases_running"]),
        deadlines=_pairs(one["deadlines"]),
        lined=set(one["lined"]),
        drafts=set(one["drafts"]),
        active=set(one["active"]),
        ended=set(one["ended"]),
        ready=set(one["ready"]),
        lost=len(one["lost"]),
        purges=_pairs(one["purges"]),
        presence_ms=dict(_signs(one["presence"])),
        inbox=one["inbox"],
        inbox_oldest_ms=int(one["oldest"][0][0].partition("-")[0]) if one["oldest"] else None,
        strays=tuple(left),
    )


def _sources(client: redis.Redis, keys: Keys, dump: LedgerDump) -> Iterator[str]:
    """Those failed tasks whose way back is the plan's own: a task's config is written once, and says so."""
    asked = [
        task_id
        for task_id, record in dump.tasks.items()
        if record.get("status") == TaskState.FAILED
        and "snapshot" not in record
        and is_set(dump.plans.get(plan_of(task_id), {}), "autoRollback")
    ]
    told = _run(client, [("get", (keys.of("config", task_id),)) for task_id in asked])
    for task_id, config in zip(asked, told, strict=True):
        with suppress(ValueError, KeyError, TypeError):
            if isinstance(read_stored(config)["source_tenant_deploy_config"], dict):
                yield task_id


def _is_other(answer: Any) -> bool:
    """Whether a hand has made a key of another type. Raises what else the server refuses."""
    if not isinstance(answer, ResponseError):
        return False
    if not str(answer).startswith("WRONGTYPE"):
        raise answer
    return True


def _number(text: str | None, what: str) -> int:
    """What all else is judged by. Raises ``DamagedData`` for what a hand has made of it."""
    found = counted_number((text or "0").removeprefix("-"))
    if found is None:
        raise DamagedData(f"the {what} is {quoted_value(text)}, expected a whole number; `{typed('doctor')}` says more")
    return int(text or 0)


def _signs(presence: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Of an entry that a hand has damaged nobody knows when."""
    for name, entry in presence.items():
        with suppress(ValueError, KeyError, TypeError):
            yield name, int(read_stored(entry)["at"])


def _run(client: redis.Redis, commands: Sequence[_Call]) -> list[Any]:
    try:
        return _run_in_pages(client, commands, is_atomic=len(commands) <= ATOMIC)
    except OutOfMemoryError:
        # A full Redis refuses a transaction, of reads too; and it takes no write that could come in between.
        return _run_in_pages(client, commands, is_atomic=False)


def _run_in_pages(client: redis.Redis, commands: Sequence[_Call], *, is_atomic: bool) -> list[Any]:
    step = max(len(commands), 1) if is_atomic else PAGE
    answers: list[Any] = []
    for start in range(0, len(commands), step):
        with client.pipeline(transaction=is_atomic) as pipeline:
            for verb, arguments in commands[start : start + step]:
                getattr(pipeline, verb)(*arguments)
            answers += pipeline.execute(raise_on_error=False)
    return answers


def _pairs(found: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {name: float(score) for name, score in found}
