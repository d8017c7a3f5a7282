"""Makes the inner plan from what the user wrote: a deep, compact copy that no later change of theirs can reach."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.config import ConfigFields, NetworkEndpoint, PlanSpec, StageSpec, TenantDeployConfig
from orchestrator.json_values import canonical_json
from orchestrator.naming import snake_case, step_type

SOURCE = "source_tenant_deploy_config"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_SLUG_LENGTH = 80


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """One tenant of a plan; ``config`` is its compact JSON, source included, as it is stored."""

    tenant_id: str
    config: str


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of a plan; ``spec`` is its canonical JSON: name, timeout_seconds, irreversible, when, steps."""

    name: str
    timeout_seconds: float | None
    irreversible: bool
    spec: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan, ready to be stored. ``digest`` tells its content: all of it but ``plan_id``."""

    plan_id: str
    name: str
    max_concurrency: int
    task_timeout_seconds: float | None
    rollback_order: str
    stages: tuple[StageRecord, ...]
    tenants: tuple[TenantRecord, ...]
    digest: str


def make_plan(spec: PlanSpec | Mapping[str, Any], plan_id: str | None = None) -> Plan:
    """The inner plan. ``plan_id`` goes before the spec's own; without either a readable one is made up.

    A mapping is checked for its shape only (pydantic's ``ValidationError``); ``validate_plan`` checks all and reports
    in plain words. Raises ``ValueError`` for text or numbers that JSON cannot hold.
    """
    if not isinstance(spec, PlanSpec):
        spec = PlanSpec.model_validate(spec)
    if not spec.stages:
        raise ValueError("a plan without stages: validate_plan finds those that its service_names stand for")
    stages = tuple(stage_record(stage) for stage in spec.stages)
    return assemble_plan(spec, plan_id or spec.plan_id, stages, (tenant_record(tenant) for tenant in spec.tenants))


def assemble_plan(
    header: Any, plan_id: str | None, stages: tuple[StageRecord, ...], tenants: Iterable[TenantRecord]
) -> Plan:
    """A plan from its parts; ``header`` is a ``PlanHeader``. The order of tenants counts."""
    records = tuple(tenants)
    head = {
        "name": header.name,
        "max_concurrency": header.max_concurrency,
        "task_timeout_seconds": header.task_timeout_seconds,
        "rollback_order": header.rollback_order,
        "stages": [stage.spec for stage in stages],
    }
    digest = hashlib.sha256(canonical_json(head).encode())
    for record in records:
        digest.update(b"\n")
        digest.update(record.config.encode())
    return Plan(
        plan_id or generate_plan_id(header.name),
        header.name,
        header.max_concurrency,
        header.task_timeout_seconds,
        header.rollback_order,
        stages,
        records,
        digest.hexdigest(),
    )


def generate_plan_id(name: str, now: datetime | None = None) -> str:
    """A readable id from a name: ``blue-to-green-20261124-083000-x7k2`` (UTC; ``now`` for tests)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-") or "plan"
    ending = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return f"{slug}-{(now or datetime.now(UTC)):%Y%m%d-%H%M%S}-{ending}"


def stage_record(stage: StageSpec) -> StageRecord:
    """The stage with step types in kebab-case and parameter names in snake_case, whichever way they were written."""
    steps = [
        {"type": step_type(step.type)} | {snake_case(key): value for key, value in step.parameters().items()}
        for step in stage.steps
    ]
    spec: dict[str, Any] = {"name": stage.name, "steps": steps}
    if stage.timeout_seconds is not None:
        spec["timeout_seconds"] = float(stage.timeout_seconds)
    if stage.irreversible:
        spec["irreversible"] = True
    if stage.when is not None:
        spec["when"] = stage.when
    return StageRecord(stage.name, stage.timeout_seconds, stage.irreversible, canonical_json(spec))


def tenant_record(tenant: TenantDeployConfig) -> TenantRecord:
    """The tenant as it is stored. Raises ``ValueError`` for text or numbers that JSON cannot hold."""
    text = canonical_json(compact_config(tenant))
    # A lone surrogate passes the JSON encoder and would only fail on its way to Redis.
    text.encode()
    return TenantRecord(tenant.tenant_id, text)


def compact_config(tenant: TenantDeployConfig) -> dict[str, Any]:
    """The tenant's config with all defaults left out; of its source, exactly the keys that were written."""
    config = tenant.model_dump(exclude_defaults=True, exclude={SOURCE})
    source = tenant.source_tenant_deploy_config
    if source is not None:
        config[SOURCE] = source.model_dump(exclude_unset=True, exclude={"tenant_id"})
    for part in (config, config.get(SOURCE)):
        if part and part.get("overrides"):
            part["overrides"] = _overrides(part["overrides"])
    return config


def load_config(text: str) -> dict[str, Any]:
    """The full config, snake_case keys, from a ``TenantRecord.config``: what was left out has its default."""
    return full_config(json.loads(text))


def full_config(compact: Mapping[str, Any]) -> dict[str, Any]:
    """A compact config with its defaults put in; ``source_tenant_deploy_config`` stays as it is, None when absent."""
    config: dict[str, Any] = {"tenant_id": None, **_fresh_defaults(), SOURCE: None, **compact}
    if config["network_endpoints"]:
        config["network_endpoints"] = [{**_ENDPOINT_DEFAULTS, **endpoint} for endpoint in config["network_endpoints"]]
    return config


def snapshot_of(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The config to go back to: the new one with its source over it; None when the plan brings none."""
    source = config.get(SOURCE)
    if source is None:
        return None
    return full_config({**config, **source, "tenant_id": config["tenant_id"], SOURCE: None})


def _overrides(overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        snake_case(key): {snake_case(name): value for name, value in values.items()}
        for key, values in overrides.items()
    }


def _fresh_defaults() -> dict[str, Any]:
    return {name: default.copy() if isinstance(default, list | dict) else default for name, default in _DEFAULTS}


_DEFAULTS = tuple((name, field.default) for name, field in ConfigFields.model_fields.items())
_ENDPOINT_DEFAULTS = {name: field.default for name, field in NetworkEndpoint.model_fields.items()}
