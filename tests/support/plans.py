"""Plans for tests, as a user would write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.tenant_instances import TenantInstances

CONFIG_WRITE = {
    "type": "config-write",
    "key": "tenant_config:{{ tenant.tenant_id }}",
    "field": "gateway",
    "value": {"version": "{{ tenant.deploy_unit_version }}"},
}
BROADCAST = {
    "type": "broadcast",
    "channel": "tenant_config",
    "message": {"tenantId": "{{ tenant.tenant_id }}"},
}
HEALTH_CHECK = {"type": "health-check", "interval_seconds": 0.1, "max_attempts": 5}
SWITCH = {"name": "switch-gateway", "steps": [CONFIG_WRITE, BROADCAST, HEALTH_CHECK]}


def noop_stage(name: str) -> dict[str, Any]:
    return {"name": name, "steps": [{"type": "noop"}]}


def tenant(tenant_id: str, instances: TenantInstances | None = None, count: int = 2, **more: Any) -> dict[str, Any]:
    endpoints = []
    if instances is not None:
        endpoints = [{"key": name, "value": instances.url(tenant_id, name)} for name in "abcdefgh"[:count]]
    return {
        "tenant_id": tenant_id,
        "deploy_unit_id": 100,
        "deploy_unit_name": "green",
        "deploy_unit_version": 42,
        "network_endpoints": endpoints,
        "source_tenant_deploy_config": {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41},
    } | more


def plan(
    plan_id: str, tenants: Iterable[dict[str, Any]], stages: Iterable[dict[str, Any]], max_concurrency: int = 4
) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "name": f"Plan {plan_id}",
        "max_concurrency": max_concurrency,
        "stages": list(stages),
        "tenants": list(tenants),
    }
