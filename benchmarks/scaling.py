"""How long a plan of very many tenants takes, and what it needs: the arithmetic of docs/scaling.md, and a simulation
that checks it.

Both go by measured costs (``Costs``). The arithmetic takes each resource for itself: the one that is busiest sets the
pace. The simulation moves tenant after tenant through slots, workers and the Redis of their namespace, each of which
serves one at a time, so queues in between are in it. ``python -m benchmarks scaling [--tenants N]``
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class Costs:
    """Measured, see docs/scaling.md for the command of each: ms of CPU time, and bytes of Redis."""

    worker_stage_ms: float = 0.31
    redis_stage_ms: float = 0.44
    worker_poll_ms: float = 1.75
    redis_poll_ms: float = 0.49
    waiting_bytes: int = 1_080
    finished_bytes: int = 3_000
    redis_share: float = 0.7
    """Of a core that Redis may be busy for, so that its answers do not queue."""


@dataclass(frozen=True)
class Load:
    """Tenants, their stages, and how often each stage polls before it is done; seconds between two polls."""

    tenants: int
    stages: int = 5
    polls_a_stage: float = 2.0
    interval_seconds: float = 3.0


@dataclass(frozen=True)
class Deployment:
    """Namespaces, each with a Redis and so many worker processes (a core each) and slots."""

    namespaces: int = 1
    workers: int = 8
    slots: int = 2_000


@dataclass(frozen=True)
class Answer:
    """Of one deployment: how long the plan takes, what sets the pace, how busy a Redis and a worker are, its memory."""

    seconds: float
    bound_by: str
    redis_busy: float
    worker_busy: float
    redis_mib: float


def reckon(load: Load, at: Deployment, costs: Costs | None = None) -> Answer:
    """The arithmetic: the busiest of slots, workers and Redis sets the pace; the last round of slots is whole."""
    costs = costs or Costs()
    tenants = math.ceil(load.tenants / at.namespaces)
    polls = load.stages * load.polls_a_stage
    redis_s = (load.stages * costs.redis_stage_ms + polls * costs.redis_poll_ms) / 1000
    worker_s = (load.stages * costs.worker_stage_ms + polls * costs.worker_poll_ms) / 1000
    waits_s = polls * load.interval_seconds + redis_s + worker_s
    times = {
        "slots": math.ceil(tenants / at.slots) * waits_s,
        "workers": tenants * worker_s / at.workers,
        "Redis": tenants * redis_s / costs.redis_share,
    }
    bound_by = max(times, key=lambda name: times[name])
    # Whatever sets the pace, the last tenant still waits for its own polls.
    seconds = max(times["slots"], max(times["workers"], times["Redis"]) + (waits_s if bound_by != "slots" else 0))
    return Answer(
        seconds,
        bound_by,
        tenants * redis_s / seconds,
        tenants * worker_s / at.workers / seconds,
        tenants * costs.finished_bytes / MIB,
    )


def simulate(load: Load, at: Deployment, costs: Costs | None = None) -> float:
    """Seconds until the last tenant of one namespace is done; namespaces share nothing, so one tells of all.

    Each stage and each poll takes a free worker, then Redis, one after the other; between two polls a tenant holds its
    slot and nothing else.
    """
    costs = costs or Costs()
    left = math.ceil(load.tenants / at.namespaces)
    polls = round(load.stages * load.polls_a_stage)
    steps = _steps(load.stages, polls)
    workers = [0.0] * at.workers
    redis_free = 0.0
    started = min(at.slots, left)
    moments = [(0.0, tenant, 0) for tenant in range(started)]
    ended = 0.0
    while moments:
        now, tenant, step = heapq.heappop(moments)
        is_poll = steps[step]
        begins = max(now, heapq.heappop(workers))
        heapq.heappush(workers, begins + (costs.worker_poll_ms if is_poll else costs.worker_stage_ms) / 1000)
        # Others than this plan have the rest of Redis.
        took = (costs.redis_poll_ms if is_poll else costs.redis_stage_ms) / 1000 / costs.redis_share
        redis_free = max(redis_free, begins) + took
        done = max(redis_free, begins + costs.worker_stage_ms / 1000)
        if step + 1 < len(steps):
            heapq.heappush(moments, (done + (load.interval_seconds if steps[step + 1] else 0), tenant, step + 1))
            continue
        ended = max(ended, done)
        if started < left:
            heapq.heappush(moments, (done, started, 0))
            started += 1
    return ended


def _steps(stages: int, polls: int) -> list[bool]:
    """What a tenant does, in order: True is a poll. Polls are spread over the stages."""
    steps: list[bool] = []
    for stage in range(stages):
        steps.append(False)
        steps += [True] * ((stage + 1) * polls // stages - stage * polls // stages)
    return steps


def run(tenants: int = 1_000_000) -> list[dict[str, object]]:
    """Prints a table: the arithmetic for so many tenants, and at a hundredth of them the simulation beside it."""
    rows: list[dict[str, object]] = []
    load = Load(tenants)
    print(
        f"scaling: {tenants:,} tenants, {load.stages} stages, {load.polls_a_stage:g} polls a stage every "
        f"{load.interval_seconds:g} s"
    )
    print("  namespaces  workers  slots     hours  bound by  Redis busy  worker busy  MiB a Redis  simulated")
    for at in (
        Deployment(1, 8, 2_000),
        Deployment(1, 16, 10_000),
        Deployment(4, 16, 10_000),
        Deployment(16, 8, 5_000),
    ):
        answer = reckon(load, at)
        small = Load(max(tenants // 100, 1))
        # The same shape, a hundredth: as many rounds of slots.
        fewer = Deployment(at.namespaces, at.workers, max(at.slots // 100, 1))
        scaled = _scaled(Costs(), 100)
        ratio = simulate(small, fewer, scaled) / reckon(small, fewer, scaled).seconds
        print(
            f"  {at.namespaces:10}  {at.workers:7}  {at.slots:6,}  {answer.seconds / 3600:6.2f}  {answer.bound_by:8}  "
            f"{answer.redis_busy:10.0%}  {answer.worker_busy:11.0%}  {answer.redis_mib:11,.0f}  {ratio:9.2f}"
        )
        rows.append({"deployment": vars(at), "answer": vars(answer), "simulated_to_reckoned": ratio})
    return rows


def _scaled(costs: Costs, times: int) -> Costs:
    """Of servers so many times slower: with as many fewer tenants they are as busy."""
    return Costs(
        costs.worker_stage_ms * times,
        costs.redis_stage_ms * times,
        costs.worker_poll_ms * times,
        costs.redis_poll_ms * times,
    )
