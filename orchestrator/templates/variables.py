"""What templates and conditions see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.secrets.references import PLACEHOLDERS
from steps.expressions.sandbox import ReadByName


def template_variables(
    config: Mapping[str, Any], plan: Mapping[str, Any], secret: ReadByName = PLACEHOLDERS
) -> dict[str, Any]:
    """What templates see: ``tenant`` (the config, without what it does not set), ``plan`` (plan_id, name), ``secret``.

    Secrets are placeholders unless a worker gives the real ones.
    """
    tenant = {key: value for key, value in config.items() if value is not None and key != "source_tenant_deploy_config"}
    if endpoints := tenant.get("network_endpoints"):
        tenant["network_endpoints"] = [
            {key: value for key, value in endpoint.items() if value is not None} for endpoint in endpoints
        ]
    return {"tenant": tenant, "plan": plan, "secret": secret}
