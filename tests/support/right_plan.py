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


def right_tenant(tenant_id: str, **changes: Any) -> dict[str, Any]:
    """A tenant without errors."""
    return {**copy.deepcopy(_PLAN["tenants"][0]), "tenant_id": tenant_id, **changes}
