"""The tenant's config and the plan, as an operator writes them; ``plan_factory`` makes the inner copy."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from orchestrator.domain.fleet_config import FleetHeader
from orchestrator.domain.model import (
    Condition,
    GroupName,
    Identifier,
    LabelKey,
    LabelValue,
    Model,
    Name,
    PlanSeconds,
    TenantId,
    Text,
    Version,
    each_once,
)


class NetworkEndpoint(Model):
    """One instance: ``value`` when it is a URL, else ``target_domain`` or ``target_ip`` plus the health path."""

    key: Name | None = None
    value: Text | None = None
    target_domain: Text | None = None
    target_ip: Text | None = None


Overrides = Annotated[dict[str, JsonValue], Field(max_length=200)]
"""Of one type of step. Bounded, as each step of this type, in each stage, is built with all of them."""


class ConfigFields(Model):
    """What the new config of a tenant and the one to go back to have in common."""

    # Factories: a default that is a list or mapping would be deep-copied for each of 100,000 tenants.

    deploy_unit_id: Version | None = None
    deploy_unit_name: Name | None = None
    deploy_unit_version: Version | None = None
    network_endpoints: list[NetworkEndpoint] = Field(default_factory=list, max_length=10_000)
    target_domain: Text | None = None
    target_ip: Text | None = None
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    overrides: dict[str, Overrides] = Field(default_factory=dict, max_length=200)


class TenantConfig(ConfigFields):
    """What a tenant is to become (or was): identity, endpoints, and the user's own variables and overrides.

    ``labels`` say what kind of tenant it is (freezes and waves select by them), ``groups`` what it shares with others
    (machines, databases), of which only so many may move at once.
    """

    tenant_id: TenantId
    labels: Annotated[dict[LabelKey, LabelValue], Field(default_factory=dict, max_length=32)]
    groups: Annotated[list[GroupName], Field(default_factory=list, max_length=8), AfterValidator(each_once)]


class SourceConfig(ConfigFields):
    """The config to go back to. A key that is left out comes from the new config; ``tenant_id`` may only repeat it."""

    tenant_id: TenantId | None = None


class TenantDeployConfig(TenantConfig):
    """A tenant in a plan, with the config that a rollback goes back to."""

    source_tenant_deploy_config: SourceConfig | None = None


class StepSpec(Model):
    """One step as written: its type and its parameters, whose strings may be templates."""

    model_config = ConfigDict(extra="allow")

    type: Name

    def parameters(self) -> dict[str, Any]:
        """All keys but ``type``, as written."""
        return dict(self.model_extra or {})


class StageSpec(Model):
    """A named, ordered list of steps; the unit of checkpoint."""

    name: Name
    timeout_seconds: PlanSeconds | None = None
    irreversible: Annotated[bool, Field(strict=True)] = False
    when: Condition | None = None
    steps: Annotated[list[StepSpec], Field(min_length=1, max_length=100)]


class ServiceSpec(Model):
    """A service in the application's catalogue: the steps of its one stage, named like it, or stages of its own."""

    when: Condition | None = None
    timeout_seconds: PlanSeconds | None = None
    irreversible: Annotated[bool, Field(strict=True)] = False
    steps: Annotated[list[StepSpec], Field(min_length=1, max_length=100)] | None = None
    stages: Annotated[list[StageSpec], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _steps_or_stages(self) -> ServiceSpec:
        if (self.steps is None) == (self.stages is None):
            raise ValueError("give either steps or stages")
        if self.stages is not None and (self.timeout_seconds is not None or self.irreversible):
            raise ValueError("timeout_seconds and irreversible belong to each of the stages")
        return self


class PlanHeader(FleetHeader):
    """A submission without its lists."""

    plan_id: Identifier | None = None
    name: Name
    max_concurrency: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    task_timeout_seconds: PlanSeconds | None = None
    rollback_order: Literal["reverse", "forward"] = "reverse"


class PlanSpec(PlanHeader):
    """One submission. ``service_names`` stands for stages of the application's catalogue, and in their place."""

    service_names: list[Name] | None = None
    stages: Annotated[list[StageSpec], Field(default_factory=list, min_length=1, max_length=100)]
    tenants: Annotated[list[TenantDeployConfig], Field(min_length=1)]
