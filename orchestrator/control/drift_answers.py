"""What a look for drift answers, tenant by tenant; camelCase as JSON."""

from __future__ import annotations

from typing import Literal

from orchestrator.control.answers import Answer


class TenantDrift(Answer):
    """One tenant. ``state``: whether all its instances report what its last mover left, or that cannot be judged;
    ``said``: who does not and what it said, or why it cannot. ``version``: the one that its config names."""

    tenant_id: str
    state: Literal["there", "drifted", "not-judged"]
    version: str | None = None
    task_id: str | None = None
    plan_id: str | None = None
    said: str = ""


class DriftEnd(Answer):
    """How many of each there were."""

    there: int
    drifted: int
    not_judged: int
