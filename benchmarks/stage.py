"""What one stage costs Redis: one client begins and records stages, one after the other, on a server of its own.

No worker and no coordinator takes part, and what is told is CPU time and counts, so that others who load the machine
change little: two releases can be compared by taking turns (each in its own folder).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks.facts import Spread
from benchmarks.place import private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.client import Client
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Onward, Turn
from tests.support.place import Place
from tests.support.plans import noop_stage, plan

STAGES = 5
SLOTS = 64
WORKER = "bench:1/1"
CHECKPOINT = '{"format": 1, "task": "bench.0", "epoch": 1, "stages": ["s0"], "outputs": {"s0": {}}}'
CONFIG = {"deploy_unit_id": 100, "deploy_unit_name": "green", "deploy_unit_version": 42}


@dataclass(frozen=True)
class Taken:
    """Per stage: microseconds of CPU time of Redis and of the client, commands (those inside scripts included)."""

    redis_us: float
    client_us: float
    commands: float


def _move(ledger: Ledger, plan_id: str) -> int:
    """All stages of the plan's tasks, each begun in the write that records the one before; how many those were."""
    stages, more, admitted = 0, True, []
    while more:
        admission = ledger.admit(plan_id, 50)
        admitted += admission.tasks
        more = admission.more
    for row in admitted:
        turn: Turn | None = Turn(row.task_id, row.epoch, row.stage, row.turn)
        ledger.begin(Turn(row.task_id, row.epoch, row.stage, row.turn), WORKER)
        while turn is not None:
            done = ledger.advance(turn, CHECKPOINT, healthy=False, config=CONFIG, onward=Onward(WORKER))
            stages += 1
            follows = Turn(turn.task_id, turn.epoch, turn.stage + 1, 0) if done.stage else None
            turn = done.task[0] if done.task else follows
    return stages


class Look:
    """What Redis says of itself since the look before."""

    def __init__(self, state: redis.Redis) -> None:
        self._state = state
        self._calls, self._cpu = self._now()
        self._own = time.process_time()

    def _now(self) -> tuple[Counter[str], float]:
        stats, cpu = self._state.info("commandstats"), self._state.info("cpu")
        calls = Counter({name.removeprefix("cmdstat_"): int(entry["calls"]) for name, entry in stats.items()})
        return calls, float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])

    def taken(self, stages: int) -> tuple[Taken, Counter[str]]:
        """Since it was made, a stage; and all calls by command."""
        own = time.process_time() - self._own
        calls, cpu = self._now()
        commands = calls - self._calls
        return Taken(1e6 * (cpu - self._cpu) / stages, 1e6 * own / stages, commands.total() / stages), commands


def run(tenants: int = 400, rounds: int = 5) -> list[dict[str, Any]]:
    """Prints the cost of a stage, and what it is made of."""
    print(f"stage: one client moves {tenants} tenants by {STAGES} stages, {SLOTS} slots, {rounds} rounds")
    found: list[Taken] = []
    with private_redis() as server:
        place = Place(server.url(0), server.url(1))
        settings = settings_of(place)
        with redis.Redis.from_url(place.redis_url, decode_responses=True) as state, Client(settings) as client:
            ledger = Ledger(state, settings)
            ledger.announce()
            for number in range(rounds + 1):
                # The first is the warm-up.
                rows = [one_endpoint_tenant(number * tenants + place) for place in range(tenants)]
                client.submit(plan(f"p{number}", rows, [noop_stage(f"s{n}") for n in range(STAGES)], SLOTS))
                look = Look(state)
                stages = _move(ledger, f"p{number}")
                taken, calls = look.taken(stages)
                found += [taken] if number else []
    for name, label in (
        ("redis_us", "us of Redis' CPU time"),
        ("client_us", "us of the client's"),
        ("commands", "commands"),
    ):
        print(f"  {Spread.of([getattr(one, name) for one in found]).shown()} {label} a stage")
    print("  " + ", ".join(f"{name} {count / stages:.2f}" for name, count in calls.most_common(12)))
    return [vars(one) for one in found]
