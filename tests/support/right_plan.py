"""Plans for tests: one that is right, to be changed into one that is not."""

from __future__ import annotations

import copy
from typing import Any

_PLAN: dict[str, Any] = {
    "plan_id": "blue-to-green-1",
    "name": "Blue to green",
    "max_concurrency": 1,
    "stages": [
        {
            "name": "switch-gateway",
            "timeout_seconds": 120,
            "steps": [
                {
                    "type": "config-write",
                    "key": "tenant_config:{{ tenant.tenant_id }}",
                    "field": "gateway",
                    "value": {"version": "{{ tenant.deploy_unit_version }}"},
                },
                {"type": "broadcast", "channel": "tenant_config", "message": {"tenantId": "{{ tenant.tenant_id }}"}},
                {"type": "health-check", "max_attempts": 4},
            ],
        }
    ],
    "tenants": [
        {
            "tenant_id": "acme",
            "deploy_unit_id": 100,
            "deploy_unit_name": "green",
            "deploy_unit_version": 42,
            "network_endpoints": [{"key": "gw-1", "value": "http://127.0.0.1:9001/health"}],
            "source_tenant_deploy_config": {
                "deploy_unit_id": 99,
                "deploy_unit_name": "blue",
                "deploy_unit_version": 41,
            },
        }
    ],
}


def right_plan() -> dict[str, Any]:
    """A plan of one tenant without errors or warnings; a fresh copy."""
    return copy.deepcopy(_PLAN)


_FLEET: dict[str, Any] = {
    "failure_tolerance": {"percent": 50, "mode": "soft"},
    "on_breach": "pause",
    "auto_rollback": "never",
    "waves": [
        {
            "name": "canary",
            "tenants": {"count": 1},
            "max_concurrency": 1,
            "failure_tolerance": {"count": 0},
            "soak": {"seconds": 60, "interval_seconds": 30},
            "gate": {"url": "https://gate.example/", "interval_seconds": 30, "timeout_seconds": 3600},
        },
        {"name": "vip", "tenants": {"ids": ["birch"]}, "gate": "manual"},
        {"name": "eu", "tenants": {"where": "tenant.labels.region == 'eu'"}},
        {"name": "half", "tenants": {"percent": 50}},
    ],
    "group_limits": {"db-7": 2},
    "priority": 0,
    "starts_per_minute": 60,
    "not_before": "2030-12-01T02:00:00Z",
    "not_after": "2030-12-01T05:00:00Z",
    "task_timeout_seconds": 600,
    "rollback_order": "reverse",
}


def right_fleet() -> dict[str, Any]:
    """A plan of four tenants that says all that a head may say, without errors; its stage costs next to nothing."""
    named = ("acme", "birch", "cedar", "dogwood")
    tenants = [right_tenant(name, labels={"region": "eu"}, groups=["db-7"]) for name in named[:3]]
    tenants.append(right_tenant(named[3], labels={"region": "us"}))
    stages = [{"name": "wait", "steps": [{"type": "noop"}]}]
    return right_plan() | copy.deepcopy(_FLEET) | {"stages": stages, "tenants": tenants}


def right_tenant(tenant_id: str, **changes: Any) -> dict[str, Any]:
    """A tenant without errors."""
    return {**copy.deepcopy(_PLAN["tenants"][0]), "tenant_id": tenant_id, **changes}
