"""Reads of the ledger: plans, tasks and events as models. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import redis

from orchestrator.domain.events import EVENT, Event
from orchestrator.domain.status import TASK_ACTIVE, PlanState, TaskState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.records import Admitted

PAGE: Final = 1000
"""Tasks or events read in one round trip."""


class Reader:
    """The questions of one namespace on one client."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.client = client
        self.keys = keys

    # For coordinators and workers

    def active_plans(self) -> list[str]:
        """Ids of the plans that are not ended."""
        return sorted(cast(set[str], self.client.smembers(self.keys.of("active"))))

    def stage_names(self, plan_id: str) -> tuple[list[str], str]:
        """Names of the plan's stages in order, and its rollback order."""
        record = self.plan_record(plan_id)
        return [record[f"stage:{index}"] for index in range(int(record["stages"]))], record["rollbackOrder"]

    def dispatchable(self, task_id: str) -> Admitted | None:
        """The task as to be published, or None when no message is due for it."""
        fields = ("status", "tenant", "epoch", "stage", "legs", "turn", "lease")
        status, tenant, epoch, stage, legs, turn, lease = self.client.hmget(self.keys.of("task", task_id), *fields)
        if status not in TASK_ACTIVE or lease != "queued":
            return None
        if legs is None:
            legs = self.client.hget(self.keys.of("plan", plan_of(task_id)), "stages")
        numbers = (int(value or 0) for value in (epoch, stage, legs, turn))
        return Admitted(task_id, str(tenant), TaskState(status), *numbers)

    def spec(self, plan_id: str) -> dict[str, Any]:
        """The plan's stages as submitted (immutable)."""
        text = self.client.get(self.keys.of("spec", plan_id))
        return cast(dict[str, Any], json.loads(cast(str, text)))

    # For people

    def plan_record(self, plan_id: str) -> dict[str, str]:
        """The plan's record as stored; empty when there is no such plan."""
        return cast(dict[str, str], self.client.hgetall(self.keys.of("plan", plan_id)))

    def plan_ids(self) -> list[str]:
        """All plans, the newest first."""
        return cast(list[str], self.client.zrevrange(self.keys.of("plans"), 0, -1))

    def plan_records(self, plan_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many plans' records in few round trips."""
        return self._records([self.keys.of("plan", plan_id) for plan_id in plan_ids])

    def task_records(self, task_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many tasks' records in few round trips; an unknown task gives an empty one."""
        return self._records([self.keys.of("task", task_id) for task_id in task_ids])

    def tenant_records(self, tenant_ids: Sequence[str]) -> list[dict[str, str]]:
        """Many tenants' records: ``holder``, ``epoch``, ``since``, ``newest``, ``mover``, ``good``."""
        return self._records([self.keys.of("tenant", tenant_id) for tenant_id in tenant_ids])

    def task_of_tenant(self, tenant_id: str) -> str | None:
        """The task that holds the tenant, else its first waiter, else its newest task."""
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.hmget(self.keys.of("tenant", tenant_id), "holder", "newest")
            pipeline.zrange(self.keys.of("line", tenant_id), 0, 0)
            (holder, newest), line = pipeline.execute()
        return cast(str | None, holder or (line[0] if line else None) or newest)

    # Events

    def events(self, plan_id: str | None, since: int) -> Iterator[Event]:
        """Events after sequence number ``since``: a plan's whole log, or what the namespace's feed still holds."""
        key = self._log_key(plan_id)
        position = f"({since}-0"
        while True:
            page = cast(list[Any], self.client.xrange(key, min=position, max="+", count=PAGE))
            yield from (read_event(identifier, fields, plan_id) for identifier, fields in page)
            if len(page) < PAGE:
                return
            position = f"({page[-1][0]}"

    def last_sequence_id(self, plan_id: str | None) -> int:
        """Sequence id of the newest event; 0 when there is none."""
        newest = cast(list[Any], self.client.xrevrange(self._log_key(plan_id), count=1))
        return int(newest[0][0].partition("-")[0]) if newest else 0

    def wait_for_event(self, plan_id: str | None, since: int, block_seconds: float) -> bool:
        """True as soon as the log holds an event after ``since``; False after ``block_seconds`` without."""
        answer = self.client.xread({self._log_key(plan_id): f"{since}-0"}, count=1, block=round(block_seconds * 1000))
        return bool(answer)

    def _log_key(self, plan_id: str | None) -> str:
        return self.keys.of("feed") if plan_id is None else self.keys.of("log", plan_id)

    def _records(self, keys: Sequence[str]) -> list[dict[str, str]]:
        records: list[dict[str, str]] = []
        for start in range(0, len(keys), PAGE):
            with self.client.pipeline(transaction=False) as pipeline:
                for key in keys[start : start + PAGE]:
                    pipeline.hgetall(key)
                records += pipeline.execute()
        return records


def plan_of(task_id: str) -> str:
    """The plan's id, which a task's id begins with."""
    return task_id.rpartition(".")[0]


def read_event(identifier: str, fields: Mapping[str, str], plan_id: str | None) -> Event:
    """One stream entry as an event. Short field names keep the log small; see ``scripts/includes/event.lua``."""
    wire: dict[str, Any] = json.loads(fields["d"])
    wire |= {
        "sequenceId": int(identifier.partition("-")[0]),
        "planSequenceId": int(fields["p"]),
        "type": fields["e"],
        "planId": plan_id or fields["l"],
        "occurredAt": moment(fields["t"]),
    }
    optional = {"taskId": fields["k"], "tenantId": fields["n"], "stageName": fields["s"]}
    wire |= {name: value for name, value in optional.items() if value}
    return EVENT.validate_python(wire)


def moment(milliseconds: str | None) -> datetime | None:
    """A stored time as UTC."""
    return None if not milliseconds else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def plan_state(record: Mapping[str, str]) -> PlanState:
    """The state in a plan's record."""
    return PlanState(record["status"])
