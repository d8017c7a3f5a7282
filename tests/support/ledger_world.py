"""Drives a real ledger without processes: every verb by task id, and the coordinator's round as a plain call.

A task's own record says which turn is due, so a test names tasks only. What a worker would know (the record of a begun
turn) is kept here between begin and end.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import redis

from checkpoint import Checkpoint
from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.coordinator.coordinator import CHUNK
from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.domain.events import Event, FailureInfo
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.fleet.freezes import Scope
from orchestrator.fleet.rules import NO_RULES, FleetRules
from orchestrator.ledger.awaited import Awaited, Look
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, draw_request_id
from orchestrator.ledger.outcomes import Begun, Ended, Opened
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admission, Admitted, Advanced, Onward, StageRow, Turn, TurnRecord
from orchestrator.settings.model import Settings
from orchestrator.stages.rollback_strategy import configs_for
from tests.support.history import check_ledger

STAGES = ("one", "two", "three")
FAILURE = FailureInfo(type="Broken", message="it broke", step_name="noop")
SOURCE = {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41}
ME = Order(actor="ada", reason="because")


class LedgerWorld:
    """One namespace; ``published`` are the rows that the coordinator would have sent, newest last."""

    def __init__(self, client: redis.Redis, settings: Settings, user_client: redis.Redis | None = None) -> None:
        """``client`` looks and breaks things; the ledger's own verbs have the rights of ``user_client``, if given."""
        self.client = client
        self.settings = settings
        self.published: list[Admitted] = []
        self._records: dict[str, TurnRecord] = {}
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

    def on(self, ledger: Ledger) -> LedgerWorld:
        """The same world through another ledger of its namespace."""
        world = copy.copy(self)
        world._stand_on(ledger)
        return world

    # Submit

    def open(
        self,
        plan_id: str,
        total: int,
        *,
        digest: str = "d",
        stages: Sequence[str | StageRow] = STAGES,
        max_concurrency: int = 4,
        order: str = "reverse",
        task_timeout_seconds: float | None = None,
        rules: FleetRules = NO_RULES,
    ) -> tuple[Opened, int, PlanState | None]:
        return self.ledger.open_plan(
            plan_id=plan_id,
            digest=digest,
            name=plan_id,
            max_concurrency=max_concurrency,
            total=total,
            spec=json.dumps({"name": plan_id, "stages": []}),
            rollback_order=order,
            incarnation="first",
            task_timeout_seconds=task_timeout_seconds,
            stages=[StageRow(stage) if isinstance(stage, str) else stage for stage in stages],
            rules=rules,
        )

    def plan(
        self,
        plan_id: str,
        tenants: Iterable[str],
        *,
        snapshot: bool = True,
        traits: Mapping[str, Mapping[str, Any]] | None = None,
        wave_of: Sequence[int] = (),
        **options: Any,
    ) -> list[str]:
        """Submits a plan; answers its task ids. ``traits``: labels and groups of tenants that have any; ``wave_of``:
        the wave of each."""
        names, of = list(tenants), traits or {}
        waves: list[dict[str, Any]] = [{"wave": wave} for wave in wave_of] or [{} for _ in names]
        self.open(plan_id, len(names), **options)
        chunk = [
            (name, config(name, plan_id, snapshot=snapshot), json.dumps({**of.get(name, {}), **wave}))
            for name, wave in zip(names, waves, strict=True)
        ]
        self.ledger.write_chunk(plan_id, "d", 0, chunk)
        self.ledger.commit_plan(plan_id, "d")
        return [f"{plan_id}.{position}" for position in range(len(names))]

    def started(self, plan_id: str, tenants: Iterable[str], **options: Any) -> list[str]:
        """Submits a plan and lets the coordinator look at it once."""
        ids = self.plan(plan_id, tenants, **options)
        self.serve(plan_id)
        return ids

    # Coordinator

    def admit(self, plan_id: str, limit: int = 50) -> Admission:
        return self.ledger.admit(plan_id, limit)

    def serve(self, plan_id: str) -> list[str]:
        """What the coordinator does for a plan; answers the ids of the admitted tasks in order."""
        tasks: list[str] = []
        more = True
        while more:
            admission = self.admit(plan_id)
            tasks += [task.task_id for task in admission.tasks]
            self.published += admission.tasks
            more = admission.more
            if admission.has_chunks:
                self.operations.resume_chunk(plan_id, CHUNK)
                self.operations.cancel_chunk(plan_id, CHUNK)
                self.operations.rollback_chunk(plan_id, CHUNK)
                self.operations.retry_chunk(plan_id, CHUNK)
                self.operations.wave_rollback_chunk(plan_id, CHUNK)
                more = True
        return tasks

    def coordinate(self) -> None:
        """Acts on the inbox until it is empty, as ``Coordinator`` does."""
        self.thaw()
        while True:
            wakes, plan_ids = self.inbox.read(0.001), self.ledger.take_turns(100)
            if not wakes.entries and not plan_ids and not (wakes := self.inbox.read(0.001)).entries:
                return
            for plan_id in plan_ids:
                self.serve(plan_id)
            rows = [self.reader.dispatchable(task_id) for task_id in wakes.tasks]
            self.published += [row for row in rows if row is not None]
            self.inbox.done(wakes)

    def looks(self, plan_id: str) -> list[Look]:
        """All looks of the round that is due in a soak, as a coordinator hands them out."""
        found: list[Look] = []
        while True:
            if not self.client.zadd(self.keys.of("awaited"), {plan_id: 0}, xx=True, ch=True):
                return found
            found += self.awaited.hand_out().looks
            if "soakCursor" not in self.reader.plan_record(plan_id):
                return found

    # Worker

    def turn(self, task_id: str) -> Turn:
        """The turn that is due or under way."""
        record = self.task(task_id)
        return Turn(task_id, int(record["epoch"]), int(record.get("stage", 0)), int(record.get("turn", 0)))

    def begin(self, task_id: str) -> Begun:
        # A poll's time has come.
        if "dueAt" in self.task(task_id):
            self.client.hset(self.keys.of("task", task_id), "dueAt", 0)
        code, record = self.ledger.begin(self.turn(task_id), "worker")
        if isinstance(record, TurnRecord):
            self._records[task_id] = record
        return code

    def poll(self, task_id: str, delay_seconds: float = 5.0) -> Ended:
        return self.ledger.poll_again(self.turn(task_id), delay_seconds, '{"step":1}')[0]

    def succeed(self, task_id: str, *, healthy: bool = True) -> Ended:
        return self.succeed_turn(self.turn(task_id), healthy=healthy)

    def succeed_turn(self, turn: Turn, *, healthy: bool = True) -> Ended:
        return self.advance_turn(turn, None, healthy=healthy).ended

    def advance(self, task_id: str, delivery: str = "worker", lanes: str = "") -> Advanced:
        """Records the begun stage; what follows begins for the same delivery."""
        return self.advance_turn(self.turn(task_id), Onward(delivery, lanes))

    def advance_turn(self, turn: Turn, onward: Onward | None, *, healthy: bool = True) -> Advanced:
        record = self._records[turn.task_id]
        done = Checkpoint(turn.task_id, turn.epoch, record.attempt, record.mode, turn.stage + 1, record.stage_name)
        goes_back = record.mode is TaskState.ROLLING_BACK
        advanced = self.ledger.advance(
            turn, done.to_json(), healthy=healthy, config=configs_for(record)[0], goes_back=goes_back, onward=onward
        )
        if advanced.stage is not None:
            self._records[turn.task_id] = replace(record, stage_index=advanced.stage[0], stage_name=advanced.stage[1])
        if advanced.task is not None:
            self._records[advanced.task[0].task_id] = advanced.task[1]
        return advanced

    def fail(self, task_id: str) -> Ended:
        return self.ledger.fail(self.turn(task_id), FAILURE)

    def stage(self, task_id: str) -> Ended:
        """Begins the due stage and records it as done."""
        begun = self.begin(task_id)
        assert begun is Begun.BEGUN, begun
        return self.succeed(task_id)

    def finish(self, task_id: str) -> Ended:
        """All stages that are left, in the direction that the task goes."""
        while (ended := self.stage(task_id)) is Ended.NEXT:
            pass
        return ended

    def finish_turn(self, task_id: str) -> Ended:
        """Records the begun stage, then does all that are left."""
        ended = self.succeed(task_id)
        return self.finish(task_id) if ended is Ended.NEXT else ended

    def break_stage(self, task_id: str) -> Ended:
        """Begins the due stage and fails it."""
        assert self.begin(task_id) is Begun.BEGUN
        return self.fail(task_id)

    # People

    def ask(self, operation: str, target_id: str, order: Order = ME) -> Reply:
        """Of a task when the id ends in ``.<position>``, else of a plan. A new request each time."""
        return self.ask_again(operation, target_id, replace(order, request_id=draw_request_id()))

    def ask_again(self, operation: str, target_id: str, order: Order) -> Reply:
        """The very request of this order, once more if it was made before."""
        verb = Operation(operation)
        if target_id.rpartition(".")[2].isdigit() and "." in target_id:
            return self.operations.on_task(verb, target_id, order)
        return self.operations.on_plan(verb, target_id, order)

    def freeze(
        self,
        tenants: str | None = None,
        label: str | None = None,
        *,
        begins: float = 0.0,
        seconds: float | None = 3600.0,
        every: str | None = None,
        rollbacks_too: bool = False,
    ) -> str:
        """Freezes some tenants, or all, from ``begins`` seconds from now on; answers the freeze's id."""
        since = None if begins == 0 else self.reader.now() + timedelta(seconds=begins)
        order = replace(ME, request_id=draw_request_id())
        desk, scope = FreezeDesk(self.freezes), Scope(tenants, label)
        made = desk.set(scope, order, since=since, for_seconds=seconds, every=every, rollbacks_too=rollbacks_too)
        return made.freeze_id

    def limit_groups(self, limits: Mapping[str, int]) -> None:
        """A coordinator starts with other groups."""
        Ledger(self.ledger.client, self.settings.model_copy(update={"groups": limits})).announce()

    def unfreeze(self, freeze_id: str) -> None:
        assert self.freezes.lift(freeze_id, replace(ME, request_id=draw_request_id())).answer == "ACCEPTED"
        self.thaw()

    def override(self, plan_id: str) -> Reply:
        return self.freezes.override(plan_id, replace(ME, request_id=draw_request_id()))

    def thaw(self) -> None:
        """What sweeps do: puts back all whose freeze has ended."""
        while self.freezes.thaw(100):
            pass

    # Time

    def expire(self, kind: str, task_id: str) -> None:
        """Makes the task's lease (``leases_queued``, ``leases_running``) or ``deadlines`` overdue."""
        changed = self.client.zadd(self.keys.of(kind), {task_id: 1}, xx=True, ch=True)
        assert changed == 1, f"{task_id} is not in {kind}"

    # Reading

    def task(self, task_id: str) -> dict[str, str]:
        return self.reader.task_records([task_id])[0]

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
        with self.client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.type(name)
            kinds = pipeline.execute()
            for name, kind in zip(names, kinds, strict=True):
                match kind:
                    case "hash":
                        pipeline.hgetall(name)
                    case "zset":
                        pipeline.zrange(name, 0, -1, withscores=True)
                    case "set":
                        pipeline.smembers(name)
                    case "stream":
                        pipeline.xrange(name)
                    case "list":
                        # None of ours: what a hand has put there.
                        pipeline.lrange(name, 0, -1)
                    case _:
                        pipeline.get(name)
            return dict(zip(names, pipeline.execute(), strict=True))

    def state(self) -> dict[str, Any]:
        """The dump without the answers kept for repeats: what was said, not what is."""
        requests = self.keys.of("request")
        return {name: value for name, value in self.dump().items() if not name.startswith(requests)}

    def check(self) -> None:
        """All invariants, at this moment."""
        check_ledger(self.client, self.keys)


def config(tenant_id: str, plan_id: str, *, snapshot: bool = True) -> str:
    """A stored config whose version tells its plan."""
    new: dict[str, Any] = {"tenant_id": tenant_id, "deploy_unit_id": 100, "deploy_unit_version": f"of-{plan_id}"}
    if snapshot:
        new["source_tenant_deploy_config"] = SOURCE
    return json.dumps(new)
