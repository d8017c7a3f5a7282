"""Planted situations as a table: what is so, what `explain` must say of it, and what to type next.

Made on a real ledger without processes; where processes matter, their signs of life are written by the script that
writes theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.control.explain import Situation as S
from orchestrator.control.explain.steps import USUAL_LOOKS, Looks
from orchestrator.domain.lanes import lane_name, lane_names, lane_of
from orchestrator.ledger.keys import Keys
from tests.support.ledger_world import LedgerWorld
from tests.support.table_steps import Do, then

LANE = lane_name(lane_of("a", 4))
"""The queue of tenant a."""
BROKER = {"broker": "broker:6379/1", "brokerRun": "r1/1"}

_OF_A_PLAN = {S.PLAN_MOVES, S.STAGE_RUNS}
_BESIDE: dict[S, set[S]] = {
    S.PLAN_MOVES: {S.FROZEN, S.TENANT_HELD},
    S.LEDGER_REFUSES: {S.WAITS_FOR_WORKER},
    S.WAITS_FOR_WORKER: {S.LEDGER_REFUSES},
    S.STAGE_RUNS: {S.LEDGER_REFUSES},
    S.NO_COORDINATOR: {S.NEXT},
    S.OTHER_NAMESPACE: {S.NO_COORDINATOR, S.NO_WORKER, S.NEXT, S.WAITS_FOR_WORKER},
    S.BROKER_AWAY: {S.WAITS_FOR_WORKER},
    S.CLOCK_SKEW: {S.WAITS_FOR_WORKER},
    S.SHOWN_TIME: {S.WAITS_FOR_WORKER, S.FROZEN, S.PLAN_NOT_YET, S.WAVE_SOAKS},
    S.NO_WORKER: {S.WAITS_FOR_WORKER, S.WAVE_SOAKS},
    S.OTHER_BROKER: {S.WAITS_FOR_WORKER},
    S.WORKERS_SILENT: {S.WAITS_FOR_WORKER},
    S.WORKERS_BUSY: {S.WAITS_FOR_WORKER},
    S.DAMAGED: {S.PLAN_CANCELLING, S.CANCELLATIONS},
    S.DAMAGED_PLAN_KEY: {S.WAITS_FOR_WORKER, S.DAMAGED},
    S.CIRCLE: {S.TASK_COMPLETED, S.ROLLBACK_ASKED},
    S.TASK_PAUSING: {S.STAGE_RUNS},
    S.TASK_CANCELLING: {S.STAGE_RUNS},
    S.TASK_TURNING_BACK: {S.STAGE_RUNS},
    S.PLAN_PAUSING: {S.STAGE_RUNS},
    S.PLAN_CANCELLING: {S.STAGE_RUNS},
    S.PLAN_ROLLING_BACK: {S.STAGE_RUNS},
    S.PLAN_RESUMING: {S.TASK_PAUSED},
    S.PLAN_RETRYING: {S.FAILURES},
    S.PLAN_RETRY_REFUSED: {S.FAILURES},
    S.FAILURES: {S.PLAN_ENDED},
    S.ROLLBACK_ASKED: {S.TASK_COMPLETED, S.FROZEN},
    S.PLAN_NOT_YET: {S.PLAN_PAUSED},
    S.WAVE_TAKEN_BACK: {S.TASK_ROLLED_BACK},
    S.FROZEN: {S.PLAN_PAUSED, S.PLAN_ROLLING_BACK},
    S.CANCELLATIONS: {S.FAILURES, S.PLAN_CANCELLING, S.PLAN_ENDED},
    S.TASK_PAUSED: {S.SLOTS_TAKEN},
    S.RETRY_LIMIT: {S.TASK_FAILED},
    S.MOVED_SINCE: {S.TASK_FAILED, S.ROLLBACK_FAILED},
    S.CHECKPOINT_GONE: {S.TASK_FAILED},
    S.NOT_NOW: {S.TASK_FAILED, S.ROLLBACK_ASKED},
    S.SLOTS_TAKEN: {S.NOT_NOW, S.TASK_FAILED, S.ROLLBACK_ASKED},
    S.NO_SNAPSHOT: {S.TASK_COMPLETED, S.PLAN_ENDED},
    S.WAVE_SOAKS: {S.PLAN_MOVES},
    S.GATE_REJECTED: {S.PLAN_PAUSED},
    S.PLAN_PAUSED: {S.GATE_REJECTED, S.WAVE_OPEN, S.FAILURES},
    S.PLAN_ENDED: {S.BREAKER_TRIPPED, S.FAILURES},
    S.BREAKER_TRIPPED: {S.PLAN_PAUSED, S.PLAN_RETRYING, S.WAVE_OPEN, S.FAILURES, S.PLAN_ENDED},
    S.BREAKER_NARROWS: {S.WAVE_OPEN, S.FAILURES},
    S.OTHER_TASKS: {S.PLAN_PAUSED},
    S.ROLLBACK_GIVEN_UP: {S.TASK_COMPLETED, S.PLAN_ENDED, S.CANCELLATIONS},
}


@dataclass(frozen=True)
class Planted:
    """``target`` is explained: a task's id, ``tenant `` and its id, else a plan's. ``commands``: all that the remark
    names, each of which is tried. ``ahead``: seconds by which the reader's clock is. ``looks``: as far as a
    large plan is looked at for damage."""

    name: str
    make: Do
    target: str
    situation: S
    sentence: str
    commands: tuple[str, ...] = ()
    ahead: float = 0.0
    looks: Looks = USUAL_LOOKS
    undo: Do = lambda world: None

    def __str__(self) -> str:
        return self.name

    @property
    def may_be_said(self) -> set[S]:
        """The situation, and what is rightly said beside it."""
        of_a_plan = set() if "." in self.target or " " in self.target else _OF_A_PLAN
        return {self.situation} | _BESIDE.get(self.situation, set()) | of_a_plan


def beat(world: LedgerWorld, role: str, name: str = "h:1", *, silent: float = 0.0, slots: int = 0, **told: Any) -> None:
    """One sign of life of a process, as its presence gives it."""
    queues = lane_names(4) if role == "worker" else []
    entry = json.dumps({**BROKER, "wall": world.reader.now().timestamp() * 1000, **told})
    world.ledger.call("beat", f"{role}:{name}", json.dumps(queues), silent, "{}", slots, entry)


def coordinator(world: LedgerWorld) -> None:
    beat(world, "coordinator", "c:1")


def staff(world: LedgerWorld) -> None:
    """A coordinator and a worker of 16 slots."""
    coordinator(world)
    beat(world, "worker", "w:2", slots=16, busy=3)


def staffed(*steps: Do) -> Do:
    """The situation, with both alive."""
    return then(*steps, staff)


def coordinated(*steps: Do) -> Do:
    """The situation, with a coordinator alone."""
    return then(*steps, coordinator)


def aged(world: LedgerWorld, name: str, seconds: float) -> None:
    """The process gave its last sign so long ago."""
    key = world.keys.of("presence")
    entry = json.loads(str(world.client.hget(key, name)))
    entry["at"] -= seconds * 1000
    world.client.hset(key, name, json.dumps(entry))


def elsewhere(role: str) -> Do:
    """A process of this kind is alive in another namespace of the same Redis."""

    def make(world: LedgerWorld) -> None:
        seconds, _ = world.client.time()
        entry = json.dumps({"at": seconds * 1000, "queues": lane_names(4)})
        world.client.hset(Keys(f"{world.settings.namespace}-blue").of("presence"), f"{role}:w:9", entry)

    return make


def full(world: LedgerWorld) -> None:
    world.client.config_set("maxmemory", 1)


def roomy(world: LedgerWorld) -> None:
    world.client.config_set("maxmemory", 0)


def on(verb: str, task_id: str, *more: Any) -> Do:
    """A verb of the world as a step."""
    return lambda world: getattr(world, verb)(task_id, *more)


def started(plan_id: str, tenants: str, **options: Any) -> Do:
    return lambda world: world.started(plan_id, tenants.split(), **options)


def planned(plan_id: str, tenants: str, **options: Any) -> Do:
    return lambda world: world.plan(plan_id, tenants.split(), **options)


def stops(task_id: str, asked: str) -> Do:
    """The task is in a stage, its pause (or its plan's) is asked for, the stage ends."""

    def make(world: LedgerWorld) -> None:
        world.begin(task_id)
        world.ask("pause", asked)
        world.succeed(task_id)

    return make


def all_unique(rows: Iterator[Planted]) -> list[Planted]:
    """The rows; no two of one name."""
    found = list(rows)
    assert len({row.name for row in found}) == len(found)
    return found
