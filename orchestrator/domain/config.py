"""The tenant's config and the plan, as an operator writes them; ``plan_factory`` makes the inner copy."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(min_length=1, max_length=200)]
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
TenantId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f{}]+$")]
Version = str | int
Seconds = Annotated[float, Field(gt=0, le=30 * 86400, allow_inf_nan=False)]


class Model(BaseModel):
    """snake_case and camelCase in, unknown keys refused, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=to_camel)


class NetworkEndpoint(Model):
    """One instance: ``value`` when it is a URL, else ``target_domain`` or ``target_ip`` plus the health path."""

    key: Name | None = None
    value: str | None = None
    target_domain: str | None = None
    target_ip: str | None = None


class TenantConfig(Model):
    """What a tenant is to become (or was): identity, endpoints, and the user's own variables and overrides."""

    tenant_id: TenantId
    deploy_unit_id: int | str | None = None
    deploy_unit_name: Name | None = None
    deploy_unit_version: Version | None = None
    network_endpoints: list[NetworkEndpoint] = []
    target_domain: str | None = None
    target_ip: str | None = None
    variables: dict[str, JsonValue] = {}
    overrides: dict[str, dict[str, JsonValue]] = {}


class TenantDeployConfig(TenantConfig):
    """A tenant in a plan, with the config to go back to: any key of a tenant but itself, the rest from the new one."""

    source_tenant_deploy_config: dict[str, JsonValue] | None = None


class StepSpec(Model):
    """One step as written: its type and its parameters, whose strings may be templates."""

    model_config = ConfigDict(extra="allow")

    type: str

    def parameters(self) -> dict[str, Any]:
        """All keys but ``type``, as written."""
        return dict(self.model_extra or {})


class StageSpec(Model):
    """A named, ordered list of steps; the unit of checkpoint."""

    name: Name
    timeout_seconds: Seconds | None = None
    irreversible: bool = False
    steps: Annotated[list[StepSpec], Field(min_length=1, max_length=100)]


class PlanSpec(Model):
    """One submission."""

    plan_id: Identifier | None = None
    name: Name
    max_concurrency: Annotated[int, Field(ge=1, le=100_000)]
    timeout_seconds: Seconds | None = None
    stages: Annotated[list[StageSpec], Field(min_length=1, max_length=100)]
    tenants: Annotated[list[TenantDeployConfig], Field(min_length=1)]
