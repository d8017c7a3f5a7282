"""Who moves tenants now, or moved them last: of many tenants in few round trips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import redis

from orchestrator.domain.status import TaskState
from orchestrator.ledger.damaged_key_words import damaged_key
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look
from orchestrator.ledger.refusals import is_damage

ASKED: Final = 1000
"""Tenants asked for in one script: one or two milliseconds of Redis' time."""

LINKED: Final = 200
"""Tasks of one tenant that are looked at for open ones, the newest first: well under a millisecond of Redis' time."""


def movers(client: redis.Redis, keys: Keys, tenant_ids: Sequence[str]) -> Iterator[tuple[int, set[str]]]:
    """Of each tenant that has any, its place in the list and its tasks: the holder and the newest."""
    for start in range(0, len(tenant_ids), ASKED):
        for place, *tasks in look(client, keys, "find_movers", tenant_ids[start : start + ASKED]):
            yield start + int(place), {task for task in tasks if task}


@dataclass(frozen=True, slots=True)
class OpenTaskOf:
    """A tenant's task that has not ended, or that is to go back."""

    task_id: str
    status: str
    goes_back: bool = False


@dataclass(frozen=True, slots=True)
class TenantTasks:
    """The tasks of one tenant: who holds it, the first in its line, those that are open (of however many plans, the
    oldest first), the newest, and the last mover, of those that have a record. "" for none."""

    holder: str
    waiter: str
    newest: str
    newest_status: str
    newest_touched: bool
    last_mover: str
    open: Sequence[OpenTaskOf]

    @property
    def speaker(self) -> str:
        """The task that speaks for the tenant: its holder, else its first waiter, else the newest that is open, else
        the newest; but the last mover where the newest was given up before it touched anything."""
        if first := self.holder or self.waiter:
            return first
        if self.open:
            return self.open[-1].task_id
        is_nothing = self.newest_status == TaskState.CANCELLED and not self.newest_touched
        return (self.last_mover if is_nothing else "") or self.newest or self.last_mover


def tenant_tasks(client: redis.Redis, keys: Keys, tenant_id: str) -> TenantTasks:
    """Of one tenant, by its ``LINKED`` newest tasks. Raises ``ResponseError``, naming the key, where one is of another
    type."""
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hmget(keys.of("tenant", tenant_id), "holder", "newest")
        pipeline.zrange(keys.of("line", tenant_id), 0, 0)
        record, line = pipeline.execute(raise_on_error=False)
    for kind, answer in (("tenant", record), ("line", line)):
        if is_damage(answer):
            raise damaged_key(keys.of(kind, tenant_id))
        if isinstance(answer, Exception):
            raise answer
    waiter = line[0] if line else ""
    if not any(record):
        return TenantTasks("", waiter, "", "", False, "", ())
    newest, status, touched, mover, *tasks = look(client, keys, "tenant_tasks", [tenant_id, LINKED])
    found = [OpenTaskOf(task_id, state, goes_back == "1") for task_id, state, goes_back in reversed(tasks)]
    return TenantTasks(record[0] or "", waiter, newest, status, touched == "1", mover, found)
