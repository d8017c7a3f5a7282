"""Checks a plan before anything is written: all mistakes at once, each with its path, value and expectation.

Validators run in order, each small:

1. catalogue: stages in the place of service names
2. shape: keys and types, every part by itself; of a wrong head, what is right in it goes on
3. stages: steps, their parameters, templates that compile; a warning for a stage that only verifies or only tells
4. tenants: every tenant against every stage that is for it, with its new config and with the one to go back to
5. what is allowed and probably not meant: tenants without a snapshot, more slots than tenants, tenants without a stage
6. waves and tolerances against the tenants that there are
7. extra validators, by the name of their entry point in ``changeover.validators``; see ``validation.contract``

Each sees what the earlier ones found right, so a plan that is wrong in three places is told of all three. Conflicts
with running plans need the ledger and come after all others: ``running_conflicts``. Work grows linearly with the
tenants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.config import PlanHeader, PlanSpec
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import bounded_comparing
from orchestrator.files.json_text import MAX_DEPTH, too_deep
from orchestrator.plans.plan import Plan, assemble_plan, plan_id_of
from orchestrator.plans.plan_file import read_plan_file
from orchestrator.settings.extensions import missing_extensions
from orchestrator.settings.installed_steps import installed_steps
from orchestrator.settings.model import Settings, load_settings
from orchestrator.stages.stage_factory import Registry, StageFactory
from orchestrator.templates.variables import UNSURE
from orchestrator.validation.as_written import AsWritten
from orchestrator.validation.catalogue import resolve_services
from orchestrator.validation.contract import Finding, PlanView, error, warning
from orchestrator.validation.extra import run_extra_validators
from orchestrator.validation.findings import Findings
from orchestrator.validation.fleet import check_fleet
from orchestrator.validation.look_alikes import warn_of_look_alikes
from orchestrator.validation.permissions import Permissions
from orchestrator.validation.references import References
from orchestrator.validation.shape import Shape, as_meant, read_shape
from orchestrator.validation.stages import compile_stages, stage_records
from orchestrator.validation.tenants import TenantCheck
from steps import AllowedHosts
from steps.expressions.budget import PlanTooCostly, bounded_evaluating
from steps.expressions.compile_budget import bounded_compiling
from steps.expressions.sandbox import Missing

__all__ = ["Finding", "PlanView", "Validated", "error", "validate_plan", "warning"]


@dataclass(frozen=True, slots=True)
class Validated:
    """The outcome: ``plan`` and its ``header`` when there are no ``errors``; ``warnings`` in any case."""

    plan: Plan | None
    errors: list[Problem]
    warnings: list[Problem]
    header: PlanHeader | None = None

    def require(self) -> Plan:
        """The plan. Raises ``InvalidInput`` with all errors."""
        if self.plan is None:
            raise InvalidInput(self.errors)
        return self.plan


@bounded_comparing()
@bounded_compiling()
def validate_plan(
    plan: str | Path | Mapping[str, Any] | PlanSpec,
    *,
    registry: Registry | None = None,
    settings: Settings | None = None,
    conflicts: Callable[[Plan], list[Problem]] | None = None,
) -> Validated:
    """Reads a plan (file, mapping or model), checks it and makes it. Nothing of the caller's is kept or changed.

    ``registry`` and ``settings`` default to the installed steps and the environment's settings; ``conflicts`` is asked
    last, about a plan that is right, and gives more warnings. Mistakes in the plan are returned, never raised.
    """
    try:
        raw = _raw(plan)
    except InvalidInput as error:
        return Validated(None, error.problems, [])
    findings = Findings()
    if too_deep(raw):
        findings.error("", None, f"lists and mappings are nested more than {MAX_DEPTH} levels deep")
        return Validated(None, findings.named_errors(), [])
    if not isinstance(raw, Mapping):
        findings.error("", raw, "expected a mapping with name, max_concurrency, stages and tenants")
        return Validated(None, findings.named_errors(), [])
    settings = settings or load_settings()
    raw, meant = as_meant(raw, PlanSpec, ("stages", "tenants", "service_names"))
    resolved = resolve_services(raw, settings, findings)
    shape = read_shape(resolved.raw, findings, needs_stages=not resolved.is_named, meant=meant)
    written = AsWritten({**raw, **resolved.raw}, meant | shape.meant)
    plan_id = plan_id_of(shape.header)
    factory = StageFactory(registry or installed_steps(), settings)
    reference = {"plan_id": plan_id, "name": shape.said("name") or Missing(hint=UNSURE)}
    stages = compile_stages(shape.stages, shape.partly_stages, factory, findings)
    stored = stage_records(shape.stages, findings)
    permissions = Permissions(settings)
    check = TenantCheck(stages, reference, factory.step_types, References(settings), permissions)
    costly = "stages"
    try:
        with bounded_evaluating():
            records = [
                check.check(index, tenant, findings) for index, tenant in shape.tenants if not findings.is_overfull
            ]
            partly = [
                check.check(one.index, one.tenant, findings, one.unsure, one.unsure_back)
                for one in shape.partly
                if not findings.is_overfull
            ]
            if not records and not partly and not findings.is_full:
                check.check_anybody(findings)
            check.settle(findings)
            _warn(shape, findings, check.idle)
            permissions.warn(findings)
            hosts = AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback)
            costly = "waves"
            selection = check_fleet(shape, records, partly, stages, reference, hosts, settings.groups, findings)
    except PlanTooCostly as error:
        findings.error(costly, None, str(error))
        return Validated(None, resolved.relabel(written.of(findings.named_errors())), [])
    run_extra_validators(shape, findings)
    for missing in missing_extensions(settings):
        findings.warn("", None, f"setting {missing}; no worker starts with it")
    errors = resolved.relabel(written.of(findings.named_errors()))
    warnings = resolved.relabel(written.of(findings.warnings))
    if errors or shape.header is None or selection is None:
        return Validated(None, errors, warnings)
    tenants = [record for record in records if record is not None]
    made = assemble_plan(shape.header, plan_id, stored, tenants, selection)
    return Validated(made, [], warnings + (conflicts(made) if conflicts else []), shape.header)


def _raw(plan: str | Path | Mapping[str, Any] | PlanSpec) -> Any:
    if isinstance(plan, str | Path):
        return read_plan_file(plan)
    return plan.model_dump(exclude_unset=True) if isinstance(plan, PlanSpec) else plan


def _warn(shape: Shape, findings: Findings, idle: list[str]) -> None:
    if idle:
        few = ", ".join(idle[:3]) + (", ..." if len(idle) > 3 else "")
        findings.warn("tenants", None, f"{len(idle)} of {len(shape.tenants)} tenants take part in no stage ({few})")
    without = [tenant.tenant_id for _, tenant in shape.tenants if tenant.source_tenant_deploy_config is None]
    if without:
        few = ", ".join(without[:3]) + (", ..." if len(without) > 3 else "")
        message = (
            f"{len(without)} of {len(shape.tenants)} tenants bring no source_tenant_deploy_config ({few}): "
            "a rollback goes back to their last known good config, if there is one"
        )
        findings.warn("tenants", None, message)
    warn_of_look_alikes(((index, tenant.tenant_id) for index, tenant in shape.tenants), findings)
    for index, stage in shape.stages:
        if stage.irreversible:
            message = "irreversible: a rollback stops before this stage, unless it is forced"
            findings.warn(f"stages[{index}]", stage.name, message)
    if shape.header is not None and shape.header.max_concurrency > len(shape.tenants) > 0:
        message = f"more than the plan has tenants ({len(shape.tenants)})"
        findings.warn("max_concurrency", shape.header.max_concurrency, message)
