"""Plans in the states that the console's pages are looked at in: moved by real workers, some of it failing."""

from __future__ import annotations

from typing import Any, Final

from orchestrator.client import Client
from orchestrator.domain.status import TaskState
from orchestrator.domain.waves import WaveState
from tests.support.plans import BROADCAST, CONFIG_WRITE, HEALTH_CHECK, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

NAMES: Final = ("acme", "birch", "cobalt", "delta", "ember", "falcon", "garnet", "harbor", "indigo", "juniper", "lumen")
CHECK: Final = HEALTH_CHECK | {"max_attempts": 3, "interval_seconds": 0.3}
ACTOR: Final = "mara.lind"
MOVED: Final = "gateway-42-eu"
"""Under way, with failures of two causes."""
GATED: Final = "portal-7-eu"
ENDED: Final = "gateway-42-de"
FLEET: Final = "fleet-2026-11"
SICK: Final = (61, 74, 96, 118, 140, 171)
"""Tenants of ``MOVED``, by position, whose second instance does not take the new version."""


def tenant_name(prefix: str, index: int) -> str:
    """``eu-birch-012``."""
    return f"{prefix}-{NAMES[index % len(NAMES)]}-{index:03}"


def _tenants(prefix: str, count: int, instances: TenantInstances, version: int = 42) -> list[dict[str, Any]]:
    return [
        tenant(
            tenant_name(prefix, index),
            instances,
            deploy_unit_version=version,
            labels={"region": "eu" if index % 3 else "us"},
        )
        for index in range(count)
    ]


def _stage(name: str, wait_seconds: float = 0.2) -> dict[str, Any]:
    return {"name": name, "steps": [CONFIG_WRITE, BROADCAST, {"type": "wait", "seconds": wait_seconds}, CHECK]}


def set_scene(client: Client, instances: TenantInstances) -> None:
    """Submits, and comes back when each plan is as it is to be seen; one goes on moving."""
    client.submit(
        actor=ACTOR,
        plan=plan(ENDED, _tenants("de", 24, instances), [_stage("switch-gateway", 0)], 8)
        | {"name": "Gateway 42, Germany"},
    )
    for index in SICK:
        instances.stubborn.add(f"{tenant_name('eu', index)}/b")
    client.freeze(tenants="bank-*", for_seconds=3 * 86400, reason="quarter end at the banks", actor="ines.okafor")
    client.freeze(
        label="region=us", every="Mon-Fri 08:00-18:00 America/New_York", reason="business hours", actor="ines.okafor"
    )
    portal = plan(GATED, _tenants("portal", 60, instances, 7), [_stage("switch-portal", 0)], 4)
    client.submit(
        actor=ACTOR,
        plan=portal
        | {
            "name": "Portal 7, Europe",
            "waves": [{"name": "canary", "tenants": {"count": 3}, "gate": "manual"}, {"name": "rest"}],
        },
    )
    moved = plan(
        MOVED,
        _tenants("eu", 600, instances),
        [_stage("switch-gateway"), _stage("switch-portal"), noop_stage("announce")],
        16,
    )
    client.submit(
        actor=ACTOR,
        plan=moved
        | {
            "name": "Gateway 42, Europe",
            "failure_tolerance": {"percent": 5},
            "waves": [
                {"name": "canary", "tenants": {"count": 4}, "failure_tolerance": {"count": 0}},
                {"name": "early", "tenants": {"percent": 8}, "max_concurrency": 8},
                {"name": "rest", "failure_tolerance": {"count": 12}},
            ],
        },
    )
    client.pause(task_id=f"{MOVED}.560", reason="on the phone with them", actor="mara.lind")
    wait_until(lambda: client.summary(ENDED).status == "COMPLETED", 120)
    wait_until(lambda: client.summary(GATED).waves[0].state == WaveState.GATED, 120)
    wait_until(lambda: client.summary(MOVED).counts.get(TaskState.FAILED, 0) >= len(SICK), 240)


def submit_fleet(client: Client, count: int = 5000) -> None:
    """A large plan, whose tenants move as fast as workers can."""
    tenants = [tenant(f"t{index:05}") for index in range(count)]
    waves = [{"name": "ring-0", "tenants": {"count": 50}}, {"name": "ring-1", "tenants": {"percent": 10}}]
    written = plan(FLEET, tenants, [{"name": "switch", "steps": [{"type": "wait", "seconds": 0.4}]}], 48)
    client.submit(
        actor=ACTOR,
        plan=written
        | {"name": "Fleet, November", "failure_tolerance": {"percent": 2}, "waves": [*waves, {"name": "rest"}]},
    )
