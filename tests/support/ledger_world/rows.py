"""What tests put into a ledger when nothing else is said."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.domain.events import FailureInfo
from orchestrator.ledger.operations import Order

STAGES = ("one", "two", "three")
FAILURE = FailureInfo(type="Broken", message="it broke", step_name="noop")
SOURCE = {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41}
ME = Order(actor="ada", reason="because")


def config(tenant_id: str, plan_id: str, *, snapshot: bool = True) -> str:
    """A stored config whose version tells its plan."""
    new: dict[str, Any] = {"tenant_id": tenant_id, "deploy_unit_id": 100, "deploy_unit_version": f"of-{plan_id}"}
    if snapshot:
        new["source_tenant_deploy_config"] = SOURCE
    return json.dumps(new)
