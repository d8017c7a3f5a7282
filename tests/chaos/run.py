"""One chaos run: a plan, faults while it runs, and the history checker's verdict at the end.

``python -m tests.chaos --tenants 200 --faults 30 --seed 7`` runs it from the command line; ``make chaos`` and
``make chaos-ci`` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.status import PLAN_ENDED
from orchestrator.history import Report
from tests.chaos.faults import FaultInjector, wait_ended
from tests.chaos.proxy import TcpProxy
from tests.support.fault_world import FaultWorld, effect_stage, write_stage
from tests.support.redis_server import RedisServer

LEASE = {"CHANGEOVER_LEASE_SECONDS": "2", "CHANGEOVER_RENEW_SECONDS": "0.5", "CHANGEOVER_SWEEP_SECONDS": "0.4"}


@dataclass(frozen=True)
class ChaosRun:
    """What to run; the same seed draws the same faults in the same order."""

    seed: int
    tenants: int = 40
    stages: int = 3
    faults: int = 10
    workers: int = 2
    coordinators: int = 2
    max_concurrency: int = 20
    pause_seconds: float = 2.0
    end_seconds: float = 90.0


@dataclass(frozen=True)
class ChaosResult:
    """How it went."""

    status: str
    report: Report
    faults: tuple[str, ...]
    recoveries: int
    repairs: int
    effects: int
    repeated: int


def run_chaos(run: ChaosRun, folder: Path) -> ChaosResult:
    """Runs it in a folder of its own. Whatever happens, nothing that it started outlives it."""
    (folder / "redis").mkdir(parents=True)
    server = RedisServer(folder / "redis", databases=2)
    server.start()
    proxy = TcpProxy(server.port)
    world = FaultWorld(folder, server, through_port=proxy.port, CHANGEOVER_MAX_RECOVERIES="100", **LEASE)
    try:
        return _run(run, world, proxy)
    finally:
        world.close()
        proxy.close()


def _run(run: ChaosRun, world: FaultWorld, proxy: TcpProxy) -> ChaosResult:
    injector = FaultInjector(world, run.seed, workers=run.workers, coordinators=run.coordinators, proxy=proxy)
    world.instances.polls_needed, world.instances.poll_seconds = 1, 0.5
    world.instances.slow_seconds = 0.2
    stages = [write_stage("one"), *(effect_stage(f"stage-{i}") for i in range(2, run.stages + 1))]
    world.submit(run.tenants, stages, max_concurrency=run.max_concurrency)

    def is_over() -> bool:
        return world.client.summary("p").status in PLAN_ENDED

    injector.run(run.faults, until=is_over, pause_seconds=run.pause_seconds)
    injector.calm()
    wait_ended(injector, is_over, run.end_seconds)
    injector.calm()
    counts = world.instances.counts()
    return ChaosResult(
        status=world.client.summary("p").status,
        report=world.report(range(run.stages)),
        faults=tuple(injector.done),
        recoveries=len(world.recoveries()),
        repairs=int(world.dump().meta.get("reconcilerRepairs", 0)),
        effects=sum(counts.values()),
        repeated=sum(counts.values()) - len(counts),
    )
