"""One chaos run: a plan, faults while it runs, and the history checker's judgement between faults and at the end.

``python -m tests.chaos --tenants 200 --faults 30 --seed 7`` runs it from the command line; ``make chaos`` and
``make chaos-ci`` do.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from orchestrator.domain.errors import Unreachable
from orchestrator.domain.status import PLAN_ENDED, PlanState
from orchestrator.history import Report
from tests.chaos.crew import Crew
from tests.chaos.fleet import GROUPS, HEADS, submit_fleet
from tests.chaos.fleet_operator import FleetOperator
from tests.chaos.injector import FaultInjector
from tests.chaos.kinds import CLOCKS, chosen
from tests.chaos.operator import ChaosOperator
from tests.chaos.patience import patiently
from tests.chaos.proxy import TcpProxy
from tests.chaos.scene import Scene
from tests.support.clock_shim import SteppedClock
from tests.support.fault_world import FaultWorld, effect_stage, write_stage
from tests.support.redis_server import RedisServer

LEASE = {"CHANGEOVER_LEASE_SECONDS": "2", "CHANGEOVER_RENEW_SECONDS": "0.5", "CHANGEOVER_SWEEP_SECONDS": "0.4"}


MANY = {"CHANGEOVER_MAX_RECOVERIES": "100", "CHANGEOVER_MAX_RETRY": "100"}
"""However often a task is hit, it goes on."""


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
    kinds: tuple[str, ...] = field(default_factory=lambda: tuple(chosen()))
    fleet: bool = False
    """Plans with waves, gates, breakers, groups and the like (``fleet.py``), and people who answer them."""

    @property
    def patience_seconds(self) -> float:
        """How long its end is waited for. A strict breaker lets four of a fleet's plan move at a time, however many
        tenants and slots it has, and each takes seconds."""
        return max(self.end_seconds, 5.0 * self.tenants) if self.fleet else self.end_seconds


@dataclass(frozen=True)
class ChaosResult:
    """How it went. ``broken`` is what the checker cannot see: repeats that were answered otherwise, and the like."""

    status: str
    report: Report
    faults: tuple[str, ...]
    recoveries: int
    repairs: int
    effects: int
    repeated: int
    requests: int
    retries: int
    answers: Mapping[str, int]
    """What the fleet's people asked for and was accepted."""
    may_fail: bool
    """Plans of a fleet end as its people have it, but they end."""
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        is_right = self.status == PlanState.COMPLETED or (self.may_fail and self.status in PLAN_ENDED)
        return self.report.holds and is_right and not self.repairs and not self.broken


def run_chaos(run: ChaosRun, folder: Path) -> ChaosResult:
    """Runs it in a folder of its own. Whatever happens, nothing that it started outlives it."""
    folder.mkdir(parents=True, exist_ok=True)
    steps_clocks = bool(CLOCKS & set(run.kinds))
    redis_clock = SteppedClock(folder, "redis") if steps_clocks else None
    worker_clocks = (SteppedClock(folder, "worker"),) if steps_clocks else ()
    servers = [
        RedisServer(
            folder / name, "--appendfsync", "always", databases=2, environment=clock.environment if clock else None
        )
        for name, clock in (("redis", redis_clock), ("broker", None))
    ]
    for server in servers:
        server.folder.mkdir()
        server.start()
    ledger, broker = servers
    ledger_proxy, broker_proxy = (TcpProxy(server.port) for server in servers)
    through = {
        "CHANGEOVER_REDIS_URL": ledger.user_url(0, ledger_proxy.port),
        "CHANGEOVER_BROKER_URL": broker.user_url(1, broker_proxy.port),
    }
    groups = {"CHANGEOVER_GROUPS": json.dumps(GROUPS)} if run.fleet else {}
    world = FaultWorld(folder, ledger, broker_server=broker, **LEASE, **MANY, **through, **groups)
    try:
        crew = Crew(world, workers=run.workers, coordinators=run.coordinators, clocks=worker_clocks)
        stages = [write_stage("one"), *(effect_stage(f"stage-{i}") for i in range(2, run.stages + 1))]
        chance = random.Random(run.seed)
        scene = Scene(world, crew, ledger_proxy, broker_proxy, chance, stages, redis_clock, worker_clocks)
        settings = world.settings.model_copy(update={"redis_url": SecretStr(through["CHANGEOVER_REDIS_URL"])})
        with ExitStack() as people:
            operator = ChaosOperator(settings, "p", run.tenants, chance)
            people.callback(operator.close)
            fleet = FleetOperator(settings, [*HEADS, "later"], random.Random(run.seed)) if run.fleet else None
            if fleet is not None:
                people.callback(fleet.close)
            return _run(run, scene, operator, fleet)
    finally:
        world.close()
        ledger_proxy.close()
        broker_proxy.close()


def _run(run: ChaosRun, scene: Scene, operator: ChaosOperator, fleet: FleetOperator | None) -> ChaosResult:
    world = scene.world
    world.instances.polls_needed, world.instances.poll_seconds = 1, 0.5
    world.instances.slow_seconds = 0.2
    if fleet is None:
        world.submit(run.tenants, scene.stages, max_concurrency=run.max_concurrency)
    else:
        # Long enough for faults and people to meet it under way.
        world.instances.poll_seconds, world.instances.slow_seconds = 1.5, 0.6
        submit_fleet(scene, run.tenants, run.max_concurrency)

    def is_over() -> bool:
        if fleet is not None:
            return fleet.all_ended()
        try:
            return world.client.summary("p").status in PLAN_ENDED
        except Unreachable:
            # On a loaded machine the ledger may answer too late, also between faults: that is no end, and no finding.
            return False

    injector = FaultInjector(scene, run.kinds, operator, fleet)
    injector.run(run.faults, until=is_over, pause_seconds=run.pause_seconds)
    if fleet is not None and scene.redis_clock is not None:
        # A soak and a time to begin wait for the time that people are shown, which stands still once it was put back.
        scene.redis_clock.catch_up()
    broken = []
    # Whatever has not ended by then, the judgement names.
    if injector.moment is None and injector.wait(is_over, run.patience_seconds):
        broken += [] if injector.wait(scene.is_tidy, run.end_seconds) else ["I19: what is no wake stays in the inbox"]
    counts = world.instances.counts()
    return ChaosResult(
        status=patiently(lambda: world.client.summary("p").status),
        report=injector.moment
        or patiently(
            lambda: world.report(range(run.stages), damaged=scene.damaged, lost_workers=scene.crew.lost_workers)
        ),
        faults=tuple(injector.done),
        recoveries=len(patiently(world.recoveries)),
        repairs=int(world.dump().meta.get("reconcilerRepairs", 0)),
        effects=sum(counts.values()),
        repeated=sum(counts.values()) - len(counts),
        requests=operator.asked,
        retries=operator.retries,
        answers=dict(fleet.done) if fleet else {},
        may_fail=fleet is not None,
        broken=(*broken, *(f"I17: {line}" for line in operator.broken)),
    )
