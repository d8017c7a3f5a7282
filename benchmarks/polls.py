"""Tenants that wait for their instances: what a poll costs, and how late it comes.

Each tenant asks one instance every three seconds and is told the old version, so nothing else happens. A tenant's lag
is how much longer than the interval it was between two of its requests, as its instance saw them. Tenants a core: how
many one worker process could have by the CPU time that a poll took it; the clock of a shared machine says less.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from benchmarks.cpu import children_of, cpu_seconds
from benchmarks.facts import Spread
from benchmarks.fast_instances import FastInstances
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

INTERVAL_SECONDS = 3.0


@dataclass(frozen=True)
class Polled:
    """Of one crew: polls a second, ms of CPU time a poll by process, seconds of lag."""

    tenants: int
    rate: float
    worker_ms: float
    redis_ms: float
    coordinator_ms: float
    lag_median: float
    lag_p99: float
    lag_most: float

    @property
    def tenants_a_core(self) -> float:
        """That one worker process could have."""
        return 1000 * INTERVAL_SECONDS / self.worker_ms

    def row(self) -> dict[str, Any]:
        return asdict(self) | {"tenants_a_core": self.tenants_a_core}


class _Polling:
    """A plan whose tenants all poll; made by ``polling``."""

    def __init__(self, cluster: Cluster, server: RedisServer, instances: FastInstances, tenants: int) -> None:
        assert server.process is not None
        self._server_pid = server.process.pid
        self._coordinator, *self._workers = [process.pid for process in cluster.processes]
        self._instances = instances
        self._tenants = tenants

    def wait_for_all(self) -> None:
        """Until each tenant has polled, and has come into its round."""
        seen: set[str] = set()

        def all_have() -> bool:
            seen.update(self._instances.asked())
            return len(seen) >= self._tenants

        wait_until(all_have, 120)
        time.sleep(2 * INTERVAL_SECONDS)

    def measure(self, seconds: float) -> Polled:
        """What happens in so many seconds."""
        groups = ([self._coordinator], children_of(self._workers), [self._server_pid])
        self._instances.asked()
        before, started = [cpu_seconds(pids) for pids in groups], time.monotonic()
        time.sleep(seconds)
        used = [1000 * (cpu_seconds(pids) - was) for pids, was in zip(groups, before, strict=True)]
        asked, took = self._instances.asked(), time.monotonic() - started
        lags = sorted(
            later - earlier - INTERVAL_SECONDS for times in asked.values() for earlier, later in pairwise(times)
        )
        count = sum(map(len, asked.values()))
        coordinator, workers, server = (one / count for one in used)
        places = (len(lags) // 2, int(len(lags) * 0.99), -1)
        return Polled(self._tenants, count / took, workers, server, coordinator, *(lags[place] for place in places))


def measure(server: RedisServer, place: Place, crew: Crew, tenants: int, seconds: float, rounds: int) -> list[Polled]:
    """A plan of so many polling tenants before such a crew, looked at for some rounds."""
    check = {"type": "health-check", "interval_seconds": INTERVAL_SECONDS, "max_attempts": 100_000}
    with FastInstances() as instances, changeover_cluster(place, crew) as cluster, Client(settings_of(place)) as client:
        rows = [
            tenant(f"t{n}", network_endpoints=[{"key": "a", "value": instances.url(f"t{n}")}]) for n in range(tenants)
        ]
        client.submit(plan("polls", rows, [{"name": "wait", "steps": [check]}], max_concurrency=tenants))
        polling = _Polling(cluster, server, instances, tenants)
        polling.wait_for_all()
        return [polling.measure(seconds) for _ in range(rounds)]


def shown(crew: Crew, rounds: list[Polled]) -> str:
    """Two lines."""

    def of(name: str, digits: int = 2) -> str:
        return Spread.of([getattr(one, name) for one in rounds]).shown(digits)

    return (
        f"  {rounds[0].tenants:,} tenants, {crew.workers} x {crew.pool}: {of('rate', 0)} polls/s, "
        f"{of('tenants_a_core', 0)} tenants a core; lag median {of('lag_median', 3)} s, p99 {of('lag_p99', 3)} s, "
        f"most {of('lag_most', 3)} s\n"
        f"    ms of CPU a poll: worker {of('worker_ms')}, Redis {of('redis_ms')}, coordinator {of('coordinator_ms')}"
    )


def run(sizes: tuple[int, ...], seconds: float = 7.0, rounds: int = 3) -> list[dict[str, Any]]:
    """Prints two lines a size."""
    print(f"polls: every {INTERVAL_SECONDS:g} s, one instance a tenant, one worker process")
    found = []
    with private_redis() as server:
        for number, tenants in enumerate(sizes):
            place, crew = Place(server.url(2 * number), server.url(2 * number + 1)), Crew("threads", 1, 4)
            polled = measure(server, place, crew, tenants, seconds, rounds)
            found.append(asdict(crew) | {"rounds": [one.row() for one in polled]})
            print(shown(crew, polled), flush=True)
    return found
