"""Reads of the ledger as models: no write, and no transaction, since a full Redis refuses even one of reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

import redis

from orchestrator.domain.events import Event
from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.clock import ShownTime, ledger_now_ms, shown_time
from orchestrator.ledger.damage import DamagedRecord, damaged_plans, damaged_tasks, lost_plans, wrong_with_plan
from orchestrator.ledger.damaged_key_words import reading
from orchestrator.ledger.freeze_reads import FreezeReads
from orchestrator.ledger.group_reads import GroupReads
from orchestrator.ledger.hashes import read_hashes
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.log_entries import event_of
from orchestrator.ledger.log_pages import log_entries
from orchestrator.ledger.looks import look
from orchestrator.ledger.movers import TenantTasks, movers, tenant_tasks
from orchestrator.ledger.page_reads import PageReads
from orchestrator.ledger.plan_keys import PlanKeys
from orchestrator.ledger.presence import Process, alive, other_namespaces, processes
from orchestrator.ledger.records import Admitted
from orchestrator.ledger.repairs import PutRight, put_right
from orchestrator.ledger.survey import TaskGroup, survey
from orchestrator.ledger.task_search import ANY, Only, search_steps

PAGE: Final = 1000
"""Tasks or events read in one round trip."""

LINE: Final = "LINE"
"""Stands in its tenant's line: another task holds the tenant, or waits for it in front of this one."""

LeaseKind = Literal["queued", "running"]


class Reader:
    """The questions of one namespace on one client."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self.namespace = keys.namespace
        self.freezes, self.groups = FreezeReads(client, keys), GroupReads(client, keys)
        self.plan_keys, self.pages = PlanKeys(client, keys), PageReads(client, keys)

    # For coordinators and workers

    def active_plans(self) -> list[str]:
        """Ids of the plans that are not ended."""
        return sorted(cast(set[str], self._client.smembers(self._keys.of("active"))))

    def stage_names(self, plan_id: str) -> tuple[list[str], str]:
        """Names of the plan's stages in order, and its rollback order."""
        record = self.plan_record(plan_id)
        # Each has a field of its own: more than there are fields a hand has written.
        stages = range(min(int(record["stages"]), len(record)))
        names = [record.get(f"stage:{index}", f"(stage {index + 1})") for index in stages]
        return names, record.get("rollbackOrder", "reverse")

    def dispatchable(self, task_id: str) -> Admitted | None:
        """The task as to be published, or None when no message is due for it."""
        fields = ("status", "tenant", "epoch", "stage", "legs", "turn", "lease")
        status, tenant, epoch, stage, legs, turn, lease = self._client.hmget(self._keys.of("task", task_id), *fields)
        if status not in TASK_ACTIVE or lease != "queued":
            return None
        if legs is None:
            legs = self._client.hget(self._keys.of("plan", plan_of(task_id)), "stages")
        numbers = (int(value or 0) for value in (epoch, stage, legs, turn))
        return Admitted(task_id, str(tenant), TaskState(status), *numbers)

    def spec(self, plan_id: str) -> dict[str, Any]:
        """The plan's stages as submitted (immutable)."""
        text = self._client.get(self._keys.of("spec", plan_id))
        return cast(dict[str, Any], read_stored(cast(str, text)))

    def content_of(self, plan_id: str) -> tuple[str, str] | None:
        """The ledger's incarnation and the digest of the plan's content; None when there is no such plan."""
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.hget(self._keys.of("meta"), "incarnation")
            pipeline.hget(self._keys.of("plan", plan_id), "digest")
            incarnation, digest = pipeline.execute()
        return (incarnation, digest) if incarnation and digest else None

    def spec_text(self, plan_id: str, incarnation: str, digest: str) -> str | None:
        """The same as JSON, if this is still the ledger and the plan's content; None when another has taken the id."""
        with self._client.pipeline(transaction=False) as pipeline:
            # The same before and after: what was read in between is of it.
            pipeline.hget(self._keys.of("plan", plan_id), "digest")
            pipeline.get(self._keys.of("spec", plan_id))
            pipeline.hget(self._keys.of("plan", plan_id), "digest")
            pipeline.hget(self._keys.of("meta"), "incarnation")
            before, text, *after = pipeline.execute()
        return cast(str, text) if [before, *after] == [digest, digest, incarnation] else None

    def now(self) -> datetime:
        """The time by Redis' clock."""
        seconds, micros = self._client.time()
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1_000_000, UTC)

    # For people

    def plan_record(self, plan_id: str) -> dict[str, str]:
        """The plan's record as stored; empty when there is no such plan."""
        return self.plan_records([plan_id])[0]

    def plan_ids(self) -> list[str]:
        """All plans, the newest first."""
        return cast(list[str], self._client.zrevrange(self._keys.of("plans"), 0, -1))

    def plan_records(self, plan_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many plans' records in few round trips."""
        return read_hashes(self._client, [self._keys.of("plan", plan_id) for plan_id in plan_ids])

    def task_records(self, task_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many tasks' records in few round trips; an unknown task gives an empty one."""
        return read_hashes(self._client, [self._keys.of("task", task_id) for task_id in task_ids])

    def find_tasks(
        self, plan_id: str, total: int, wanted: Sequence[str], only: Only = ANY, begin: int = 0
    ) -> Iterator[dict[str, list[int]]]:
        """Positions of the plan's tasks by where they stand, ``LOOKED_AT`` tasks a step, from position ``begin`` on.

        ``wanted``: statuses, and ``LINE`` for those that stand in their tenant's line, whatever their status.
        """
        for arguments in search_steps(plan_id, total, wanted, only, begin):
            found = look(self._client, self._keys, "find_tasks", arguments)
            yield dict(zip(wanted, found, strict=True))

    def survey(self, plan_id: str, total: int) -> list[TaskGroup]:
        """The plan's ``total`` tasks grouped by why they failed, wait or were given up, the largest group first."""
        return survey(self._client, self._keys, plan_id, total)

    def configs(self, task_ids: Sequence[str]) -> list[str]:
        """The config of each task as the JSON that was submitted, ``{}`` where there is none."""
        found = self._client.mget([self._keys.of("config", one) for one in task_ids]) if task_ids else []
        return [text or "{}" for text in cast(list[str | None], found)]

    def tenant_records(self, tenant_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many tenants' records: ``holder``, ``epoch``, ``since``, ``newest``, ``mover`` (the last one), ``good``."""
        return read_hashes(self._client, [self._keys.of("tenant", tenant_id) for tenant_id in tenant_ids])

    def movers(self, tenant_ids: Sequence[str]) -> Iterator[tuple[int, set[str]]]:
        """Of each tenant that has any, its place in the list and its tasks: the holder and the newest."""
        return movers(self._client, self._keys, tenant_ids)

    def task_of_tenant(self, tenant_id: str) -> str | None:
        """The task that speaks for the tenant (see ``TenantTasks.speaker``)."""
        return self.tenant_tasks(tenant_id).speaker or None

    def tenant_tasks(self, tenant_id: str) -> TenantTasks:
        """Every task that speaks for the tenant, or could."""
        return tenant_tasks(self._client, self._keys, tenant_id)

    # What somebody waits for

    def now_ms(self) -> int:
        """The time by the ledger's clock, which leases and due times are judged by."""
        return ledger_now_ms(self._client, self._keys)

    def shown_time(self) -> ShownTime:
        """The time that people are shown, beside Redis' own."""
        return shown_time(self._client, self._keys)

    def processes(self) -> list[Process]:
        """Every process that has an entry, the stale ones included; ``age_seconds`` tells them apart."""
        return processes(self._client, self._keys)

    def alive(self) -> list[Process]:
        """Those that gave a sign of late."""
        return alive(self._client, self._keys)

    def other_namespaces(self) -> dict[str, list[Process]]:
        """Other namespaces of this Redis with live processes, as far as they are found in half a second."""
        return other_namespaces(self._client, self._keys)

    def slot_holders(self, plan_id: str) -> list[str]:
        """The tasks that hold the plan's slots, sorted."""
        return sorted(cast(set[str], self._client.smembers(self._keys.of("slots", plan_id))))

    def place_in_line(self, tenant_id: str, task_id: str) -> int | None:
        """How many stand before the task in its tenant's line; None when it does not stand there."""
        return cast(int | None, self._client.zrank(self._keys.of("line", tenant_id), task_id))

    def drafts(self) -> dict[str, float]:
        """The plans that are being written, and when each was last written to (ms by the ledger's clock)."""
        found = self._client.zrange(self._keys.of("drafts"), 0, -1, withscores=True)
        return dict(cast(list[tuple[str, float]], found))

    def slots_used(self, plan_id: str) -> int:
        """How many of the plan's slots are taken."""
        return int(self._client.scard(self._keys.of("slots", plan_id)))

    def tasks_before(self, task_id: str) -> int | None:
        """How many tasks stand before this one in its plan's queue; None when it stands in none."""
        return cast(int | None, self._client.zrank(self._keys.of("queue", plan_of(task_id)), task_id))

    def first_in_queue(self, plan_id: str) -> str | None:
        """The head of the plan's queue."""
        return next(iter(cast(list[str], self._client.zrange(self._keys.of("queue", plan_id), 0, 0))), None)

    def goes_before_a_head(self, task_id: str) -> bool:
        """Whether the task stands among those that hold their tenant (see ``HOLDS_NOTHING`` in includes/task.lua)."""
        rank = self._client.zscore(self._keys.of("queue", plan_of(task_id)), task_id)
        return rank is not None and rank < 2e12 and rank % 1e12 < 5e11

    def is_paused_by_plan(self, task_id: str) -> bool:
        """Whether the plan's pause stopped the task, so that the plan's resume lets it go on."""
        return bool(self._client.sismember(self._keys.of("plan_paused", plan_of(task_id)), task_id))

    def lease_ends_ms(self, kind: LeaseKind, task_id: str) -> float | None:
        """When the task's lease of this kind runs out; None when it has none."""
        return self._client.zscore(self._keys.of(f"leases_{kind}"), task_id)

    def overdue_leases(self, kind: LeaseKind, by_ms: int) -> int:
        """How many leases of this kind ran out more than ``by_ms`` ago."""
        return int(self._client.zcount(self._keys.of(f"leases_{kind}"), "-inf", self.now_ms() - by_ms))

    def shared_settings(self) -> dict[str, int]:
        """What the coordinators wrote that scripts go by; empty before the first."""
        found = cast(dict[str, str], self._client.hgetall(self._keys.of("settings"))).items()
        numbers = ((name, counted_number(value)) for name, value in found)
        return {name: number for name, number in numbers if number is not None}

    def needed_format(self) -> int:
        """Format of the ledger that scripts must know to change anything."""
        return counted_number(cast(str | None, self._client.hget(self._keys.of("settings"), "NEEDS"))) or 1

    def late_turns(self, told_ms: int, limit: int) -> list[tuple[str, float]]:
        """Plans whose time (``not_before``, rate) had come by then and that had no turn since, and when it had."""
        found = self._client.zrangebyscore(self._keys.of("due"), "-inf", told_ms, start=0, num=limit, withscores=True)
        return cast(list[tuple[str, float]], found)

    def handed_back(self, limit: int) -> list[str]:
        """Tasks whose turn workers gave back since they cannot run it, those of the longest ago first."""
        return cast(list[str], self._client.zrange(self._keys.of("handed_back"), 0, limit - 1))

    def damaged_plans(self) -> list[tuple[str, str]]:
        """Active and the newest ended plans with whose record no script can work, and what is wrong."""
        return damaged_plans(self._client, self._keys)

    def wrong_with_plan(self, plan_id: str) -> str:
        """What is wrong with the plan's record, as a clause; "" when scripts can work with it."""
        return wrong_with_plan(self._client, self._keys, plan_id)

    def damaged_tasks(self, plan_id: str, first: int, end: int) -> Iterator[list[DamagedRecord]]:
        """Those of the plan's tasks at these positions with whose record no script can work, step by step."""
        return damaged_tasks(self._client, self._keys, plan_id, first, end)

    def lost_plans(self) -> list[tuple[str, datetime]]:
        """Plans that were taken out in the last day, as their record was gone, and that are not there again."""
        return lost_plans(self._client, self._keys)

    def put_right(self) -> PutRight:
        """What the reconciler has repaired, and how many stages were taken over from lost workers."""
        return put_right(self._client, self._keys)

    def checkpoint_marks(self, task_ids: Sequence[str]) -> list[tuple[bool, str | None]]:
        """Of each task: whether the ledger knows a checkpoint of it, and its status (None: no such task)."""
        with self._client.pipeline(transaction=False) as pipeline:
            for task_id in task_ids:
                # The status first: a task that goes on in between has its checkpoint by then.
                pipeline.hget(self._keys.of("task", task_id), "status")
                pipeline.exists(self._keys.of("checkpoint", task_id))
            answers = pipeline.execute()
        return [(bool(known), status) for status, known in zip(answers[::2], answers[1::2], strict=True)]

    def checkpoint_texts(self, task_ids: Sequence[str]) -> list[str | None]:
        """Of each task: its checkpoint as JSON, or the marker of a store beside the ledger; None without one."""
        keys = [self._keys.of("checkpoint", task_id) for task_id in task_ids]
        return cast(list[str | None], self._client.mget(keys)) if keys else []

    # Events

    def events(self, plan_id: str | None, since: int) -> Iterator[Event]:
        """Events after sequence number ``since``: a plan's whole log, or what the namespace's feed still holds."""
        entries = log_entries(self._client, self._log_key(plan_id), since, is_capped=plan_id is None)
        yield from (event_of(identifier, fields, plan_id) for identifier, fields in entries)

    def last_sequence_id(self, plan_id: str | None) -> int:
        """Sequence id of the newest event; 0 when there is none."""
        key = self._log_key(plan_id)
        with reading(key):
            newest = cast(list[Any], self._client.xrevrange(key, count=1))
        return int(newest[0][0].partition("-")[0]) if newest else 0

    def wait_for_event(self, plan_id: str | None, since: int, block_seconds: float) -> bool:
        """True as soon as the log holds an event after ``since``; False after ``block_seconds`` without."""
        key = self._log_key(plan_id)
        with reading(key):
            return bool(self._client.xread({key: f"{since}-0"}, count=1, block=round(block_seconds * 1000)))

    def _log_key(self, plan_id: str | None) -> str:
        return self._keys.of("feed") if plan_id is None else self._keys.of("log", plan_id)
