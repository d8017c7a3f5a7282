"""Cost against plan size: CPU time a stage, and what a tenant takes in Redis while it waits, runs, and has finished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis

from benchmarks.cpu import children_of, cpu_seconds, resident_mib
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.client import Client
from orchestrator.domain.status import PLAN_ENDED, TaskState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn
from tests.support.place import Place
from tests.support.plans import noop_stage, plan
from tests.support.redis_server import RedisServer

STAGES = 5
SLOTS = 64
SIZES = (100, 1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Cost:
    """Of one plan: ms of CPU time a stage by process, bytes of Redis a tenant. ``feed_bytes`` are the namespace's feed,
    a part of ``finished_bytes`` that stops growing at the feed's cap. ``worker_mib``: the two workers' memory together,
    when they had done a fifth of it and at the end."""

    tenants: int
    seconds: float
    worker_ms: float
    redis_ms: float
    coordinator_ms: float
    waiting_bytes: float
    finished_bytes: float
    feed_bytes: float
    worker_mib: tuple[float, float]

    @property
    def cpu_ms(self) -> float:
        return self.worker_ms + self.redis_ms + self.coordinator_ms


def _content(plan_id: str, tenants: int) -> dict[str, Any]:
    rows = [one_endpoint_tenant(number) for number in range(tenants)]
    return plan(plan_id, rows, [noop_stage(f"s{n}") for n in range(STAGES)], SLOTS)


def _used(state: redis.Redis) -> int:
    return cast(int, state.info("memory")["used_memory"])


def measure(server: RedisServer, place: Place, tenants: int) -> Cost:
    """One plan of so many tenants moved by two solo workers."""
    assert server.process is not None
    with redis.Redis.from_url(place.redis_url, decode_responses=True) as state, Client(settings_of(place)) as client:
        with changeover_cluster(place, Crew("solo", 2, 1)) as cluster:
            client.submit(_content("warm-up", 50))
            client.wait("warm-up", timeout_seconds=120)
            coordinator, *workers = [process.pid for process in cluster.processes]
            # Submitted while nobody looks: its own cost is another row's.
            empty = _used(state)
            client.submit(_content("sized", tenants))
            waiting = (_used(state) - empty) / tenants
            groups = (children_of(workers), [server.process.pid], [coordinator])
            before, started = [cpu_seconds(pids) for pids in groups], time.perf_counter()
            key = Keys(place.namespace).of("plan", "sized")
            early: float | None = None
            while state.hget(key, "status") not in PLAN_ENDED:
                if (
                    early is None
                    and int(cast(str | None, state.hget(key, f"n:{TaskState.COMPLETED}")) or 0) >= tenants / 5
                ):
                    early = resident_mib(workers)
                time.sleep(0.02)
            late = resident_mib(workers)
            seconds = time.perf_counter() - started
            used = [1000 * (cpu_seconds(p) - was) / tenants / STAGES for p, was in zip(groups, before, strict=True)]
            finished = (_used(state) - empty) / tenants
            feed = cast(int, state.memory_usage(Keys(place.namespace).of("feed"), samples=0) or 0) / tenants
        worker_ms, redis_ms, coordinator_ms = used
        return Cost(
            tenants, seconds, worker_ms, redis_ms, coordinator_ms, waiting, finished, feed, (early or late, late)
        )


def running_bytes(server: RedisServer, place: Place, tenants: int) -> float:
    """What a tenant takes more than a waiting one while its first stage runs."""
    settings = settings_of(place)
    with redis.Redis.from_url(place.redis_url, decode_responses=True) as state, Client(settings) as client:
        ledger = Ledger(state, settings)
        ledger.announce()
        client.submit(_content("running", tenants) | {"max_concurrency": tenants})
        before, more = _used(state), True
        while more:
            admission = ledger.admit("running", 100)
            more = admission.more
            for task in admission.tasks:
                ledger.begin(Turn(task.task_id, task.epoch, task.stage, task.turn), "bench:1/1")
        return (_used(state) - before) / tenants


def plot(costs: list[Cost], path: Path) -> bool:
    """Draws the costs; False without matplotlib, which is an extra."""
    try:
        import matplotlib as mpl

        mpl.use("svg")
        from matplotlib import pyplot
    except ImportError:
        return False
    figure, axes = pyplot.subplots(figsize=(7, 4))
    sizes = [cost.tenants for cost in costs]
    for name, label in (
        ("cpu_ms", "all"),
        ("worker_ms", "workers"),
        ("redis_ms", "Redis"),
        ("coordinator_ms", "coord."),
    ):
        axes.plot(sizes, [getattr(cost, name) for cost in costs], marker="o", label=label)
    axes.set(xscale="log", xlabel="tenants of the plan", ylabel="ms of CPU time a stage", ylim=(0, None))
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)
    return True


def upto(most: int) -> tuple[int, ...]:
    """Those of the sizes that have at most so many tenants."""
    return tuple(size for size in SIZES if size <= most)


def run(sizes: tuple[int, ...], picture: Path | None = None) -> list[dict[str, Any]]:
    """Prints a line a size; ``picture`` takes the plot."""
    print(f"cost against plan size: {STAGES} no-op stages, {SLOTS} slots, two solo workers")
    costs: list[Cost] = []
    with private_redis() as server:
        for number, tenants in enumerate(sizes):
            cost = measure(server, Place(server.url(2 * number), server.url(2 * number + 1)), tenants)
            costs.append(cost)
            print(
                f"  {tenants:7,} tenants: {cost.cpu_ms:.2f} ms of CPU a stage (workers {cost.worker_ms:.2f}, Redis "
                f"{cost.redis_ms:.2f}, coordinator {cost.coordinator_ms:.2f}), {tenants * STAGES / cost.seconds:,.0f} "
                f"stages/s; bytes a tenant: waiting {cost.waiting_bytes:,.0f}, finished {cost.finished_bytes:,.0f} "
                f"(the feed {cost.feed_bytes:,.0f} of it); workers' memory {cost.worker_mib[0]:.1f} MiB after a fifth, "
                f"{cost.worker_mib[1]:.1f} at the end",
                flush=True,
            )
        last = len(sizes)
        running = running_bytes(server, Place(server.url(2 * last), server.url(2 * last + 1)), 1000)
        print(f"  a running tenant takes {running:,.0f} bytes more than a waiting one")
        print(f"  the last size to the first: {costs[-1].cpu_ms / costs[0].cpu_ms:.2f} of the CPU time a stage")
    if picture is not None:
        print(f"  plot: {picture}" if plot(costs, picture) else "  no plot: it needs matplotlib, the extra `bench`")
    return [vars(cost) for cost in costs] + [{"running_bytes": running}]
