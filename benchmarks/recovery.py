"""How fast orphaned tasks are recovered, what renewing leases costs, what an idle coordinator costs.

Orphans are turns that nobody renews: begun by the benchmark in the name of a worker that never was. Then a real
coordinator and a real worker take over.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from benchmarks.cpu import cpu_seconds
from benchmarks.facts import Spread
from orchestrator.client import Client
from orchestrator.ledger.connection import connect
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.records import Turn
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer

LEASE_SECONDS = 60.0
"""Longer than the processes need to start; the benchmark itself lets leases run out."""

STAGES = [noop_stage("one"), noop_stage("two")]


class _Bench:
    def __init__(self, server: RedisServer) -> None:
        self.place = Place(server.url(0), server.url(1))
        self.settings = Settings(
            namespace=self.place.namespace,
            redis_url=SecretStr(self.place.redis_url),
            broker_url=SecretStr(self.place.broker_url),
            lease_seconds=LEASE_SECONDS,
        )
        self.redis = connect(self.place.redis_url, patient=True)
        self.ledger = Ledger(self.redis, self.settings)
        self.ledger.announce()
        self.client = Client(self.settings)
        self.clusters: list[Cluster] = []

    def begin(self, count: int, plan_id: str) -> list[Turn]:
        """A plan whose tasks have all begun their first turn."""
        self.client.submit(plan(plan_id, [tenant(f"{plan_id}-{i}") for i in range(count)], STAGES, count))
        turns = []
        more = True
        while more:
            admission = self.ledger.admit(plan_id, 100)
            more = admission.more
            for task in admission.tasks:
                turn = Turn(task.task_id, task.epoch, task.stage, task.turn)
                assert self.ledger.begin(turn, "nobody/0")[0] is Begun.BEGUN
                turns.append(turn)
        assert len(turns) == count
        return turns

    def cluster(self, folder: Path) -> Cluster:
        settings = {"CHANGEOVER_LOG_LEVEL": "ERROR", "CHANGEOVER_LEASE_SECONDS": str(LEASE_SECONDS)}
        self.clusters.append(Cluster(self.place, folder, **settings))
        return self.clusters[-1]

    def __enter__(self) -> _Bench:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever happened, no process outlives the benchmark."""
        for cluster in self.clusters:
            cluster.stop()
        self.client.close()
        self.redis.close()


def _orphans(server: RedisServer, folder: Path, count: int, *, everything_died: bool = False) -> dict[str, float]:
    with _Bench(server) as bench:
        bench.begin(count, f"orphans-{count}")
        if everything_died:
            server.kill()
            started = time.monotonic()
            server.start()
            print(f"  Redis with {count:,} running tasks: answers {time.monotonic() - started:.2f} s after its start")
        cluster = bench.cluster(folder)
        cluster.start(workers=2 if everything_died else 1, concurrency=8)
        if not everything_died:
            # Nobody called while the processes started, and after such a silence leases are given their length again.
            bench.redis.hdel(bench.ledger.keys.of("clock"), "sweepNotBefore")
        # All of one age, so that they run out together, as after the death of all workers.
        started = time.monotonic()
        seconds, micros = bench.redis.time()
        ends = seconds * 1000 + micros // 1000
        leases = bench.ledger.keys.of("leases_running")
        bench.redis.zadd(leases, {f"orphans-{count}.{i}": ends for i in range(count)}, xx=True)
        while bench.redis.hget(bench.ledger.keys.of("meta"), "recoveries") != str(count):
            time.sleep(0.01)
        swept = time.monotonic() - started
        bench.client.wait(f"orphans-{count}", timeout_seconds=400)
        ended = time.monotonic() - started
        print(
            f"  {count:,} orphans: all recovered {swept:.2f} s, all ended {ended:.2f} s after their leases ran out",
            flush=True,
        )
        return {"orphans": count, "recovered_seconds": swept, "ended_seconds": ended}


def _renewing(server: RedisServer, folder: Path) -> dict[str, float]:
    with _Bench(server) as bench:
        turns = bench.begin(1000, "renew")
        took = list[float]()
        for _ in range(20):
            started = time.monotonic()
            assert not bench.ledger.renew(turns)
            took.append(1000 * (time.monotonic() - started))
        print(f"  renewing 1,000 leases in one round trip: {Spread.of(took).shown(1)} ms", flush=True)
        return {"renewed": len(turns), "ms": Spread.of(took).median}


def _idle_coordinator(server: RedisServer, folder: Path) -> dict[str, float]:
    with _Bench(server) as bench:
        for turn in bench.begin(10_000, "idle"):
            bench.ledger.poll_again(turn, 1800.0, "{}")
        cluster = bench.cluster(folder)
        process = cluster.start_coordinator()
        cluster.wait_alive([process])
        before, started = cpu_seconds([process.pid]), time.monotonic()
        time.sleep(20)
        share = (cpu_seconds([process.pid]) - before) / (time.monotonic() - started)
        print(f"  a coordinator with 10,000 running tasks between polls: {share * 100:.1f} % of one core", flush=True)
        return {"polling": 10_000, "coordinator_share": share}


def _with_server(work: Callable[[RedisServer, Path], dict[str, float]]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = RedisServer(folder, databases=2)
        server.start()
        try:
            return work(server, folder)
        finally:
            server.stop()


def brief() -> list[dict[str, float]]:
    """What a whole run has of it, in ten seconds: a hundred orphans, and a renewal."""
    print("recovery: a worker's tasks, after its death")
    return [_with_server(partial(_orphans, count=100)), _with_server(_renewing)]


def run() -> list[dict[str, float]]:
    """All of it, each on a private Redis."""
    rows = [*brief(), _with_server(partial(_orphans, count=1_000))]
    # A total outage: every process is killed, Redis too, and all are started again.
    rows.append(_with_server(partial(_orphans, count=10_000, everything_died=True)))
    return [*rows, _with_server(_idle_coordinator)]
