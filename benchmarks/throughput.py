"""Stages per second: Changeover against a plain ``celery.chain`` of no-op tasks, in one run, taking turns."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import redis

from benchmarks.cpu import cpu_seconds
from benchmarks.place import changeover_cluster, plain_workers, private_redis, settings_of
from orchestrator.client import Client
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class Cost:
    """``cpu_ms`` is of all processes together, for one stage."""

    stages_per_second: float
    cpu_ms: float


def redis_pids(server: RedisServer) -> list[int]:
    """The server's process."""
    assert server.process is not None
    return [server.process.pid]


@contextmanager
def environment(place: Place) -> Iterator[None]:
    """``celeryconfig`` reads the environment; set for as long as the block runs."""
    old = dict(os.environ)
    os.environ.update(place.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def plain_chain(server: RedisServer, database: int, tenants: int, stages: int, workers: int, concurrency: int) -> Cost:
    """Plain chains, from the first publish to the last task."""
    place = Place(server.url(database), server.url(database + 1))
    with environment(place):
        import importlib

        import celeryconfig

        importlib.reload(celeryconfig)
        from celery import Celery, chain

        app = Celery("plain-publisher")
        app.config_from_object("celeryconfig")
        app.conf.task_routes = None
        app.conf.broker_transport = "redis"
        with plain_workers(place, workers, concurrency) as pids, redis.Redis.from_url(place.broker_url) as broker:
            wait_until(lambda: len(app.control.ping(timeout=0.5) or []) == workers)
            signature = app.signature("plain.noop", immutable=True)
            pids = [*pids, *redis_pids(server), os.getpid()]
            started, cpu_before = time.perf_counter(), cpu_seconds(pids)
            with app.producer_pool.acquire(block=True) as producer:
                for _ in range(tenants):
                    chain(*[signature.clone() for _ in range(stages)]).apply_async(producer=producer)
            prefix = f"changeover:{place.namespace}:"

            def drained() -> bool:
                return not broker.exists(f"{prefix}lane-0", f"{prefix}unacked")

            wait_until(drained, 300)
            seconds, cpu = time.perf_counter() - started, cpu_seconds(pids) - cpu_before
        app.close()
    return Cost(tenants * stages / seconds, 1000 * cpu / (tenants * stages))


def changeover(
    server: RedisServer,
    database: int,
    tenants: int,
    stages: int,
    workers: int,
    concurrency: int,
    max_concurrency: int = 100,
) -> tuple[Cost, float, float]:
    """A plan from its start to its end; Redis commands a stage; freed slot to next stage begun (ms)."""
    place = Place(server.url(database), server.url(database + 1))
    with changeover_cluster(place, workers, concurrency) as cluster, Client(settings_of(place)) as client:
        content = plan(
            "bench",
            (tenant(f"t{i}") for i in range(tenants)),
            [noop_stage(f"s{i}") for i in range(stages)],
            max_concurrency=max_concurrency,
        )
        client.submit(content)
        with redis.Redis.from_url(place.redis_url) as state:
            pids = [*(process.pid for process in cluster.processes), *redis_pids(server)]
            cpu_before = cpu_seconds(pids)
            before = state.info("stats")["total_commands_processed"]
            status = client.wait("bench", timeout_seconds=600)
            cpu = cpu_seconds(pids) - cpu_before
            commands = state.info("stats")["total_commands_processed"] - before
        assert status.counts == {"COMPLETED": tenants}
        events = list(client.events("bench"))
        first = next(event for event in events if event.type == "PlanStarted")
        seconds = (events[-1].occurred_at - first.occurred_at).total_seconds()
        count = tenants * stages
        return Cost(count / seconds, 1000 * cpu / count), commands / count, slot_to_stage_ms(events)


def slot_to_stage_ms(events: list[Any]) -> float:
    """Median time from a freed slot (a task's end) to the next admitted task's first stage begun."""
    freed: list[Any] = []
    started: dict[str, Any] = {}
    gaps: list[float] = []
    for event in events:
        if event.type == "TaskCompleted":
            freed.append(event.occurred_at)
        elif event.type == "TaskStarted" and freed:
            started[event.task_id] = freed.pop(0)
        elif event.type == "TaskStageStarted" and event.task_id in started:
            gaps.append((event.occurred_at - started.pop(event.task_id)).total_seconds() * 1000)
    return median(gaps) if gaps else 0.0


def run(tenants: int = 1000, stages: int = 5, workers: int = 2, concurrency: int = 4, rounds: int = 5) -> None:
    """Prints one line a round and the median ratio."""
    print(f"throughput: {tenants} tenants x {stages} no-op stages, {workers} workers x {concurrency} threads")
    ratios = []
    with private_redis() as server:
        for number in range(rounds):
            plain = plain_chain(server, 4 * number, tenants, stages, workers, concurrency)
            ours, commands, gap = changeover(server, 4 * number + 2, tenants, stages, workers, concurrency)
            ratios.append(ours.stages_per_second / plain.stages_per_second)
            print(
                f"  round {number + 1}: "
                f"plain chain {plain.stages_per_second:5.0f} stages/s {plain.cpu_ms:.2f} ms CPU   "
                f"changeover {ours.stages_per_second:5.0f} stages/s {ours.cpu_ms:.2f} ms CPU   "
                f"ratio {ratios[-1]:.2f} (CPU {plain.cpu_ms / ours.cpu_ms:.2f})   "
                f"{commands:.0f} commands/stage   freed slot to next stage {gap:.0f} ms",
                flush=True,
            )
        # The latency that a person sees: with slots to spare for every worker thread, nothing queues for a worker.
        _, _, gap = changeover(server, 4 * rounds, 200, 1, workers, concurrency, max_concurrency=workers)
    print(f"  median ratio {median(ratios):.2f}; unloaded, freed slot to next stage begun {gap:.0f} ms")
