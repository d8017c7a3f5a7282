"""A ledger that is stood on, read and judged; time goes as the test says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any, Self, cast

import redis

from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.domain.events import Event
from orchestrator.ledger.awaited import Awaited
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted, Turn, TurnRecord
from orchestrator.settings.model import Settings
from tests.support.history import check_ledger
from tests.support.redis_values import values_of

SILENCE_MS = 6000
"""Longer than ``includes/clock.lua`` bears."""


class Standing:
    """One namespace, without plans, processes or people."""

    def __init__(self, client: redis.Redis, settings: Settings, user_client: redis.Redis | None = None) -> None:
        """``client`` looks and breaks things; the ledger's own verbs have the rights of ``user_client``, if given."""
        self.client = client
        self.settings = settings
        self.published: list[Admitted] = []
        self._records: dict[str, TurnRecord] = {}
        self._used_up: list[str] = []
        self._stand_on(Ledger(user_client or client, settings))
        # As a coordinator does at its start.
        self.ledger.announce()

    def _stand_on(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.keys = ledger.keys
        self.reader = Reader(ledger.client, self.keys)
        self.operations = Operations(ledger)
        self.awaited = Awaited(ledger)
        self.freezes = Freezes(ledger)
        self.inbox = Inbox(ledger.client, self.keys, "test")
        self.sweeper = Sweeper(ledger, self.published.extend)

    def on(self, ledger: Ledger) -> Self:
        """The same world through another ledger of its namespace."""
        world = copy.copy(self)
        world._stand_on(ledger)
        return world

    def turn(self, task_id: str) -> Turn:
        """The turn that is due or under way."""
        record = self.task(task_id)
        assert "epoch" in record, f"{task_id} was never admitted: it is {record.get('status', 'not there')}"
        return Turn(task_id, int(record["epoch"]), int(record.get("stage", 0)), int(record.get("turn", 0)))

    def expire(self, kind: str, task_id: str) -> None:
        """Makes the task's lease (``leases_queued``, ``leases_running``) or ``deadlines`` overdue."""
        changed = self.client.zadd(self.keys.of(kind), {task_id: 1}, xx=True, ch=True)
        assert changed == 1, f"{task_id} is not in {kind}"

    def be_silent(self) -> None:
        """As if nobody had spoken to the ledger for longer than any live process is silent; the next one notices."""
        self.client.hincrby(self.keys.of("clock"), "offset", SILENCE_MS)
        self.ledger.call("tick", self._run_id(), 0, 0)

    def was_in_grace(self) -> bool:
        """Whether the last script was: by what it has written down of its time."""
        at, floor, until = self.client.hmget(self.keys.of("clock"), ["at", "floor", "sweepNotBefore"])
        return max(int(at or 0), int(floor or 0)) < int(until or 0)

    def end_grace(self) -> None:
        """It is over without any time having passed, in which a heartbeat would come due."""
        self.client.hset(self.keys.of("clock"), "sweepNotBefore", 0)

    def _run_id(self) -> str:
        return str(self.client.info("server")["run_id"])

    def task(self, task_id: str) -> dict[str, str]:
        return self.reader.task_records([task_id])[0]

    def last_asked(self, plan_id: str) -> str:
        """The operation that the plan's record tells as the last."""
        return str(json.loads(self.reader.plan_record(plan_id)["lastOperation"])["operation"])

    def status(self, identifier: str) -> str:
        record = self.task(identifier)
        return str((record or self.reader.plan_record(identifier))["status"])

    def holder(self, tenant_id: str) -> str | None:
        return self.reader.tenant_records([tenant_id])[0].get("holder")

    def slots(self, plan_id: str) -> set[str]:
        return cast(set[str], self.client.smembers(self.keys.of("slots", plan_id)))

    def queue(self, plan_id: str) -> list[str]:
        return cast(list[str], self.client.zrange(self.keys.of("queue", plan_id), 0, -1))

    def line(self, tenant_id: str) -> list[str]:
        return cast(list[str], self.client.zrange(self.keys.of("line", tenant_id), 0, -1))

    def frozen(self, freeze_id: str) -> list[str]:
        """Who waits for it."""
        return cast(list[str], self.client.zrange(self.keys.of("frozen", freeze_id), 0, -1))

    def events(self, since: int = 0) -> list[Event]:
        return list(self.reader.events(None, since))

    def kinds(self, since: int = 0, **wanted: str) -> list[str]:
        """Types of the events since then whose fields are as wanted."""
        found = self.events(since)
        return [e.type for e in found if all(getattr(e, name, None) == value for name, value in wanted.items())]

    def now(self) -> int:
        """The last sequence id."""
        return self.reader.last_sequence_id(None)

    def wakes(self) -> list[str]:
        """Plans that are to have a turn, which they lose."""
        key = self.keys.of("ready")
        plan_ids = cast(list[str], self.client.zrange(key, 0, -1))
        self.client.delete(key)
        return plan_ids

    def dump(self) -> dict[str, Any]:
        """Every key of the namespace with its value but the clock: equal dumps mean that nothing was written."""
        names = sorted(set(cast(list[str], self.client.keys(f"{self.keys.root}*"))) - {self.keys.of("clock")})
        return values_of(self.client, names)

    def state(self) -> dict[str, Any]:
        """The dump without the answers kept for repeats: what was said, not what is."""
        requests = self.keys.of("request", "")
        return {name: value for name, value in self.dump().items() if not name.startswith(requests)}

    def use_up_retries(self, task_id: str) -> None:
        """As if it had been retried as often as it may be: what no log tells, and so ``check`` leaves out."""
        self._used_up.append(task_id)
        self._retried([task_id], 3)

    def _retried(self, task_ids: Iterable[str], more: int) -> None:
        for task_id in task_ids:
            self.client.hincrby(self.keys.of("task", task_id), "retries", more)

    def check(self) -> None:
        """All invariants, at this moment."""
        self._retried(self._used_up, -3)
        check_ledger(self.client, self.keys)
        self._retried(self._used_up, 3)
