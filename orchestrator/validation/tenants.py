"""Third validator: every tenant, with its new config and with the one to go back to, in one pass over the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from orchestrator.domain.config import TenantDeployConfig
from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.made_up import is_made_up
from orchestrator.domain.naming import in_spelling_of, snake_case, step_type, unknown
from orchestrator.domain.stored_json import MOST_DIGITS, DamagedJson
from orchestrator.domain.wording import shown
from orchestrator.plans.tenant_config import SOURCE, TenantRecord, tenant_forms
from orchestrator.secrets.references import PLACEHOLDERS
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.stage_factory import CompiledStage
from orchestrator.templates.condition import condition_holds
from orchestrator.templates.variables import UNSURE, template_variables
from orchestrator.validation.findings import Findings
from orchestrator.validation.perhaps_meant import PerhapsMeant
from orchestrator.validation.permissions import Permissions
from orchestrator.validation.references import References
from steps import HealthCheckParameters
from steps.contract import NO_NEEDS

MAX_CONFIG_CHARACTERS = 256 * 1024
_ADDRESSES = frozenset(("network_endpoints", "target_domain", "target_ip"))
"""Where a config names its instances."""
_IDENTITY = frozenset(("tenant_id",))
_SURE: frozenset[str] = frozenset()
_ANYBODY = TenantDeployConfig(tenant_id="tenant")


class TenantCheck:
    """What all tenants are checked against. ``plan`` is what templates see of it: plan_id and name."""

    def __init__(
        self,
        stages: list[CompiledStage],
        plan: Mapping[str, Any],
        step_types: frozenset[str],
        references: References,
        permissions: Permissions,
    ) -> None:
        self._references = references
        self._permissions = permissions
        self._secrets = permissions.secrets_of(plan["plan_id"])
        self._stages = stages
        self._plan = plan
        self._step_types = step_types
        self._has_conditions = any(stage.when is not None or not stage.knows_for_whom for stage in stages)
        self._perhaps = PerhapsMeant()
        self.idle: list[str] = []
        """Tenants that no stage is for."""

    def check(
        self,
        index: int | None,
        tenant: TenantDeployConfig,
        findings: Findings,
        unsure: frozenset[str] = _SURE,
        unsure_back: frozenset[str] = _SURE,
    ) -> TenantRecord | None:
        """The tenant as it is stored, or None; what is wrong is reported under ``tenants[index]`` or its stage.

        ``unsure`` names keys in which something is wrong that is said already and left out here, ``unsure_back`` those
        of its source: nothing is said of what they could be.
        """
        try:
            forms = tenant_forms(tenant)
        except ValueError as error:
            findings.error(f"tenants[{index}]", None, f"holds a value that JSON cannot: {_reason(error)}")
            return None
        record, config, snapshot = forms.record, forms.config, forms.snapshot
        if len(record.config) > MAX_CONFIG_CHARACTERS:
            message = f"expected a config of at most {MAX_CONFIG_CHARACTERS} characters as JSON"
            findings.error(f"tenants[{index}]", f"{len(record.config)} characters", message)
            return None
        if not unsure & _IDENTITY and not unsure_back & _IDENTITY:
            for problem in _identity(tenant):
                findings.of_tenant(index, problem)
        stages, perhaps, found = self._stages_for(config, unsure)
        if not unsure & _ADDRESSES:
            found += self._references.of_endpoints(config)
        found += _overrides(tenant.overrides, self._step_types)
        found += self._problems_of(config, tenant.overrides, stages, unsure, findings)
        if self._stages and not stages and not perhaps and not found and not unsure:
            self.idle.append(tenant.tenant_id)
        if self._has_conditions:
            self._perhaps.leave_out(stages)
        meant: list[tuple[CompiledStage, list[Problem]]] = []
        for stage in perhaps:
            if not stage.knows_for_whom or self._perhaps.is_open(stage):
                these = list(self._problems_of(config, tenant.overrides, [stage], unsure, findings))
                of_values = _of_overrides(these)
                found += [] if stage.knows_for_whom else of_values
                meant.append((stage, [one for one in these if one not in of_values]))
        findings.met(len(found) + sum(len(these) for _, these in meant))
        said = {_told(problem): problem for problem in found}
        found = list(said.values())
        for stage, these in meant:
            self._perhaps.meant(stage, index, [one for one in these if _told(one) not in said])
        for problem in found:
            findings.of_tenant(index, problem)
        source = tenant.source_tenant_deploy_config
        if source is not None and snapshot is not None:
            own = source.model_fields_set
            unsure_back = (unsure - own) | unsure_back
            going_back = list(_overrides(source.overrides, self._step_types))
            going_back += self._problems_of(snapshot, source.overrides, stages, unsure_back, findings)
            unknown_for = [stage for stage in perhaps if not stage.knows_for_whom]
            going_back += _of_overrides(
                self._problems_of(snapshot, source.overrides, unknown_for, unsure_back, findings)
            )
            if not own.isdisjoint(_ADDRESSES) and not unsure_back & _ADDRESSES:
                going_back += self._references.of_endpoints(snapshot)
            for problem in {_told(problem): problem for problem in going_back}.values():
                # What the source takes from the new config is wrong there, and said there; so is a stage.
                name = problem.path.partition("[")[0].partition(".")[0]
                if name in own or (name == "stages" and _told(problem) not in said):
                    message = f"{problem.message} (in {SOURCE})" if name == "stages" else problem.message
                    findings.of_tenant(index, Problem(problem.path, problem.value, message), SOURCE)
        return record

    def check_anybody(self, findings: Findings) -> None:
        """In the place of tenants, of whom nothing is known: reports what is wrong for all that there can be."""
        self.check(None, _ANYBODY, findings, frozenset(TenantDeployConfig.model_fields))

    def settle(self, findings: Findings) -> None:
        """Reports, after all tenants, what is wrong for whomever a stage is meant of which that is not known."""
        self._perhaps.settle(findings)

    def _stages_for(
        self, config: Mapping[str, Any], unsure: frozenset[str]
    ) -> tuple[list[CompiledStage], list[CompiledStage], list[Problem]]:
        """The stages that are for this tenant, on the way back too; those of which nobody knows whether they are; and
        conditions that give no answer."""
        if not self._has_conditions:
            return self._stages, [], []
        variables = template_variables(config, self._plan, unsure=unsure)
        stages: list[CompiledStage] = []
        perhaps: list[CompiledStage] = []
        problems: list[Problem] = []
        for stage in self._stages:
            try:
                if not stage.knows_for_whom:
                    perhaps.append(stage)
                elif stage.when is None or condition_holds(stage.when, variables):
                    stages.append(stage)
            except InvalidInput as error:
                perhaps.append(stage)
                problems += _sure(error.problems)
        return stages, perhaps, problems

    def _problems_of(
        self,
        config: Mapping[str, Any],
        overrides: Mapping[str, Any],
        stages: list[CompiledStage],
        unsure: frozenset[str],
        findings: Findings,
    ) -> Iterator[Problem]:
        # What is wrong in them is told as it was written.
        written = {**config, "overrides": overrides} if overrides else config
        asked: BuiltStep | None = None
        reaching = stages if overrides else [stage for stage in stages if not stage.reaches_nothing]
        if not reaching:
            return
        variables = template_variables(config, self._plan, self._secrets, unsure)
        tenant_id = config["tenant_id"]
        told = looks = 0
        for stage in reaching:
            if not findings.has_room(told, looks):
                break
            # What a secret is for may depend on the stage's name.
            seen = variables if not is_made_up(stage.name) else {**variables, "secret": PLACEHOLDERS}
            built, problems, wrong = stage.look(written, seen)
            sure = _sure(problems)
            yield from sure
            told, looks = told + len(sure), looks + wrong
            for compiled, step in built:
                where = compiled.path
                try:
                    needs = step.needs(where)
                except InvalidInput as error:
                    yield from error.problems
                    continue
                if needs is not NO_NEEDS:
                    yield from self._references.of_step(needs, where)
                if (needs.keys or step.secrets) and "tenant_id" not in unsure:
                    yield from self._permissions.of_step(step, needs, where, tenant_id, config)
                parameters = step.parameters
                if needs.endpoints:
                    asked = asked or step
                has_version = config["deploy_unit_version"] is not None or "deploy_unit_version" in unsure
                if (
                    not step.wrong
                    and isinstance(parameters, HealthCheckParameters)
                    and parameters.expected_version is None
                    and not has_version
                ):
                    message = f"a health-check needs it ({where}), or an expected_version of its own"
                    yield Problem("deploy_unit_version", None, message)
        findings.looked(looks)
        if (
            asked
            and not unsure & _ADDRESSES
            and not (config["network_endpoints"] or config["target_domain"] or config["target_ip"])
        ):
            message = f"a {asked.name} needs at least one endpoint: network_endpoints, target_domain or target_ip"
            yield Problem("network_endpoints", None, message)


def _identity(tenant: TenantDeployConfig) -> Iterator[Problem]:
    source = tenant.source_tenant_deploy_config
    if source is not None and source.tenant_id not in (None, tenant.tenant_id):
        yield Problem(f"{SOURCE}.tenant_id", shown(source.tenant_id), "expected the tenant's own tenant_id, or none")


def _overrides(overrides: Mapping[str, Any], step_types: frozenset[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    known = {name: to_camel(name) for name in map(snake_case, step_types)}
    for key, values in overrides.items():
        name = step_type(key)
        path = f"overrides.{cut_text(key)}"
        if name not in step_types:
            yield Problem(path, None, unknown("step type", key, in_spelling_of(key, known)))
        if name in seen:
            yield Problem(path, None, "given twice, in two spellings")
        seen.add(name)
        names = [snake_case(parameter) for parameter in values]
        if len(names) != len(set(names)):
            yield Problem(path, None, "a parameter is given twice, in two spellings")


def _of_overrides(problems: Iterable[Problem]) -> list[Problem]:
    """What is wrong with the values, whoever has them."""
    return [one for one in problems if one.path.startswith("overrides.")]


def _sure(problems: Iterable[Problem]) -> list[Problem]:
    return [one for one in problems if one.message != UNSURE]


def _told(problem: Problem) -> tuple[str, str, str]:
    return problem.path, problem.message, str(problem.value)


def _reason(error: ValueError) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "text that is not valid Unicode"
    if isinstance(error, DamagedJson):
        return f"a number of more than {MOST_DIGITS} digits"
    return "a number that is not finite"
