"""One run: a plan, faults while it runs, and what the history checker says of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis

from orchestrator.cli.chaos.faults import CLUSTER_FAULTS
from orchestrator.cli.chaos.throwaway import ClusterAway, Throwaway, wait_for
from orchestrator.client import Client
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.events import TaskRecovered
from orchestrator.domain.status import PLAN_ENDED, PlanState
from orchestrator.history import Report, judge
from orchestrator.settings.servers import find_servers

PLAN: Final = "chaos"
VERSION: Final = 42
_KEY: Final = "tenant_config:"


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """What to run; the same seed draws the same faults in the same order."""

    seed: int
    tenants: int = 40
    faults: int = 8
    workers: int = 2
    kinds: tuple[str, ...] = tuple(CLUSTER_FAULTS)
    end_seconds: float = 120.0
    """How long after the last fault the plan may take to end."""


@dataclass(slots=True)
class ChaosResult:
    """How it went; ``wrong`` is what speaks against it, besides what the report says."""

    status: str = "not ended"
    report: Report = field(default_factory=Report)
    faults: list[str] = field(default_factory=list)
    recoveries: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.status == PlanState.COMPLETED and self.report.holds and not self.wrong


def run_chaos(run: ChaosRun, folder: Path, say: Callable[[str], None] = lambda _: None) -> ChaosResult:
    """Runs it in ``folder``, where the logs stay; nothing that it started outlives it. ``say`` is told each fault.

    Raises ``ClusterAway`` when the cluster does not come up.
    """
    result = ChaosResult()
    with Throwaway(folder, run.workers) as cluster, Client(cluster.settings) as client:
        client.submit(chaos_plan(run.tenants))
        for name in drawn_faults(run):
            if _status(client) in PLAN_ENDED:
                break
            say(f"fault {len(result.faults) + 1}: {name}")
            CLUSTER_FAULTS[name](cluster, random.Random(run.seed + len(result.faults)))  # noqa: S311 - to be told again
            result.faults.append(name)
            time.sleep(1.0)
            moment = _moment(cluster)
            if moment is not None and not moment.holds:
                result.report, result.status = moment, "stopped by what was found"
                return result
        try:
            wait_for(lambda: _status(client) in PLAN_ENDED, run.end_seconds, "the plan has not ended")
            # What nobody waits for any more is still on its way.
            wait_for(lambda: (now := _moment(cluster, ended=True)) is not None and now.holds, 20.0, "")
        except ClusterAway as error:
            result.wrong += [str(error)] if str(error) else []
        result.status = _status(client) or "not known: Redis does not answer"
        result.report = judge(cluster.settings, ended=True)
        result.recoveries = sum(isinstance(event, TaskRecovered) for event in client.events(PLAN))
        result.wrong += _wrong_targets(cluster, run.tenants)
    return result


def chaos_plan(tenants: int) -> dict[str, Any]:
    """Two writes and two waits a tenant, so that faults meet stages that run, poll, and are between two."""
    write = {"type": "config-write", "key": _KEY + "{{ tenant.tenant_id }}"}
    version = {"version": "{{ tenant.deploy_unit_version }}"}
    stages = [
        {"name": name, "steps": [write | {"field": name, "value": version}, {"type": "wait", "seconds": 1.5}]}
        for name in ("portal", "gateway")
    ]
    moved = [{"tenant_id": f"t{index}", "deploy_unit_version": VERSION} for index in range(tenants)]
    return {
        "plan_id": PLAN,
        "name": "Chaos",
        "max_concurrency": max(1, tenants // 8),
        "stages": stages,
        "tenants": moved,
    }


def drawn_faults(run: ChaosRun) -> Iterator[str]:
    """Every kind in turn, in a drawn order."""
    chance = random.Random(run.seed)  # noqa: S311 - to be told again
    order: list[str] = []
    for _ in range(run.faults):
        if not order:
            order = sorted(run.kinds)
            chance.shuffle(order)
        yield order.pop()


def _status(client: Client) -> str:
    """Empty while Redis is away."""
    try:
        return client.summary(PLAN).status
    except Unreachable:
        return ""


def _moment(cluster: Throwaway, *, ended: bool = False) -> Report | None:
    """None while Redis is away."""
    try:
        return judge(cluster.settings, ended=ended)
    except Unreachable:
        return None


def _wrong_targets(cluster: Throwaway, tenants: int) -> list[str]:
    """Tenants of which a config is not the new one, whatever the ledger says."""
    wanted = dict.fromkeys(("portal", "gateway"), f'{{"version":{VERSION}}}')
    client = redis.Redis.from_url(find_servers(cluster.settings).redis_url, decode_responses=True)
    try:
        found = {f"t{index}": client.hgetall(f"{_KEY}t{index}") for index in range(tenants)}
    finally:
        client.close()
    return [f"{tenant} has {config}" for tenant, config in found.items() if config != wanted]
