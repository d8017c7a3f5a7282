"""Makes the inner plan from what the user wrote: a deep, compact copy that no later change of theirs can reach."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.config import PlanHeader, PlanSpec, StageSpec
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.fleet_config import FleetHeader
from orchestrator.domain.naming import snake_case, step_type
from orchestrator.fleet.rules import NO_RULES, FleetRules
from orchestrator.plans.tenant_config import TenantRecord, tenant_record
from orchestrator.plans.waves import Selection, select_waves
from steps.json_values import canonical_json

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


_SLUG_LENGTH = 80


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of a plan; ``spec`` is its canonical JSON: name, timeout_seconds, irreversible, when, steps."""

    name: str
    timeout_seconds: float | None
    irreversible: bool
    spec: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan, ready to be stored. ``digest`` tells its content: all of it but ``plan_id``.

    ``wave_of`` is the index of each tenant's wave; empty when the plan has no waves.
    """

    plan_id: str
    name: str
    max_concurrency: int
    task_timeout_seconds: float | None
    rollback_order: str
    stages: tuple[StageRecord, ...]
    tenants: tuple[TenantRecord, ...]
    digest: str
    rules: FleetRules = NO_RULES
    wave_of: Sequence[int] = ()


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
    tenants = [tenant_record(tenant) for tenant in spec.tenants]
    plan_id = plan_id or plan_id_of(spec)
    selection = select_waves(spec, _pairs(tenants), {"plan_id": plan_id, "name": spec.name})
    if selection.problems:
        raise InvalidInput(selection.problems)
    return assemble_plan(spec, plan_id, stages, tenants, selection)


def _pairs(tenants: Sequence[TenantRecord]) -> list[tuple[str, str]]:
    return [(tenant.tenant_id, tenant.config) for tenant in tenants]


def assemble_plan(
    header: PlanHeader,
    plan_id: str,
    stages: Sequence[StageRecord],
    tenants: Sequence[TenantRecord],
    selection: Selection,
) -> Plan:
    """A plan from its checked parts. The order of tenants counts."""
    head = {
        "name": header.name,
        "max_concurrency": header.max_concurrency,
        "task_timeout_seconds": header.task_timeout_seconds,
        "rollback_order": header.rollback_order,
        "stages": [stage.spec for stage in stages],
    } | _fleet_part(header)
    digest = hashlib.sha256(canonical_json(head).encode())
    for record in tenants:
        digest.update(b"\n")
        digest.update(record.config.encode())
    return Plan(
        plan_id,
        header.name,
        header.max_concurrency,
        header.task_timeout_seconds,
        header.rollback_order,
        tuple(stages),
        tuple(tenants),
        digest.hexdigest(),
        replace(selection.rules, auto_rollback=header.auto_rollback == "task"),
        selection.wave_of,
    )


def _fleet_part(header: FleetHeader) -> dict[str, Any]:
    """What the head says of the tenants together: only what it says, so that older plans keep their digests."""
    return header.model_dump(include=set(FleetHeader.model_fields), exclude_defaults=True)


def plan_id_of(header: PlanHeader | None) -> str:
    """The id that the plan names, else one made up from its name; also for a plan whose head is wrong."""
    return (header and header.plan_id) or generate_plan_id(header.name if header else "")


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
