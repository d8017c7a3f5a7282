"""What a preview answers, tenant by tenant; camelCase as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field, JsonValue

from orchestrator.control.answers import Answer


class Change(Answer):
    """One value of a tenant's config that differs; None where there is none. Secrets are masked."""

    path: str
    old: JsonValue
    new: JsonValue


class PreviewConflict(Answer):
    """Another plan that has not ended: ``holds`` the tenant, or was submitted for it last."""

    plan_id: str
    status: str
    holds: bool


class TenantPreview(Answer):
    """What a plan would change about one tenant.

    ``against``: what its config is compared with (``last known good``, ``source_tenant_deploy_config``, ``plan ID``);
    without it, or where that has no such tenant, ``changes`` is None. ``identical``: it is at the target already.
    ``groups``: what it shares with other tenants. ``under_way``: the task that moves it, or has left it in the middle
    of its move.
    """

    tenant_id: str
    position: int
    wave: str | None = None
    groups: tuple[str, ...] = ()
    against: str | None = None
    changes: tuple[Change, ...] | None = None
    identical: bool = False
    left_out: bool = False
    under_way: str | None = None
    last_mover: str | None = None
    conflicts: tuple[PreviewConflict, ...] = ()
    freezes: tuple[str, ...] = ()
    skipped_stages: tuple[str, ...] = ()


class PreviewEnd(Answer):
    """The last of them. ``digest``: what `submit --preview` takes; ``changed``: tenants with a difference.

    ``resolved``: waves and tolerances as numbers. ``group_limits``, ``priority``, ``starts_per_minute``,
    ``not_before``, ``not_after``: when its moves start and beside whom, as the plan says it.
    """

    plan_id: str
    tenants: int
    changed: int
    identical: int
    left_out: int
    digest: str
    resolved: str = ""
    group_limits: Mapping[str, int] = Field(default_factory=dict)
    priority: int = 0
    starts_per_minute: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
