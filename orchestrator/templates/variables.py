"""What templates and conditions see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from orchestrator.secrets.references import PLACEHOLDERS
from steps.expressions.sandbox import Missing, ReadByName

UNSURE: Final = "what is written there is wrong, so nothing can be said of it"
"""The fault of whoever uses what a config should have and does not rightly have."""


def template_variables(
    config: Mapping[str, Any],
    plan: Mapping[str, Any],
    secret: ReadByName = PLACEHOLDERS,
    unsure: Collection[str] = (),
) -> dict[str, Any]:
    """What templates see: ``tenant`` (the config, without what it does not set), ``plan`` (plan_id, name), ``secret``.

    Secrets are placeholders unless a worker gives the real ones. Any use of one of the ``unsure`` keys is the fault
    ``UNSURE``.
    """
    tenant = {key: value for key, value in config.items() if value is not None and key != "source_tenant_deploy_config"}
    if endpoints := tenant.get("network_endpoints"):
        tenant["network_endpoints"] = [
            {key: value for key, value in endpoint.items() if value is not None} for endpoint in endpoints
        ]
    if unsure:
        tenant |= {name: Missing(hint=UNSURE) for name in unsure}
    return {"tenant": tenant, "plan": plan, "secret": secret}
