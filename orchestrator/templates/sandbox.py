"""The sandbox that plan templates run in: the steps' own, which also knows what a tenant's config may leave out."""

from __future__ import annotations

from typing import ClassVar

from orchestrator.domain.config import NetworkEndpoint, TenantConfig
from steps.expressions.sandbox import Missing, Sandbox


class _MissingInPlan(Missing):
    """A field of the config that this tenant leaves out is false in a condition, so that ``a or b`` works."""

    may_be_unset: ClassVar[frozenset[str]] = frozenset(TenantConfig.model_fields) | frozenset(
        NetworkEndpoint.model_fields
    )
    unset_hint: ClassVar[str] = "this tenant's config does not set it"
    marks_a_config: ClassVar[str] = "tenant_id"


class TemplateEnvironment(Sandbox):
    """The sandbox of the steps, with the tenant's config in mind."""

    def __init__(self) -> None:
        super().__init__(_MissingInPlan)
