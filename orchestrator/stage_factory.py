"""Makes runnable stages: a stage as written in a plan, plus one tenant's config, gives steps with checked parameters.

A parameter's value is looked for in the tenant's ``overrides``, the step in the plan, the application's settings and
the step's own default, in that order. A stage is compiled once; a step whose parameters are the same for every tenant
is checked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from orchestrator.domain.config import NetworkEndpoint
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.json_values import canonical_json
from orchestrator.naming import snake_case, step_type, unknown
from orchestrator.settings import Settings
from orchestrator.templates import Renderer, TemplateFault, Variables, compile_value
from orchestrator.wording import join, problems_of, shown
from steps.contract import Step, StepParameters

_CACHED = 1024


class Registry(Protocol):
    """The steps there are, by the word after ``type:``."""

    def get(self, name: str) -> Step[Any]: ...

    def names(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """A step ready to run: the word of its type, the step, its checked parameters."""

    name: str
    step: Step[Any]
    parameters: StepParameters


def template_variables(config: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """What templates see: ``tenant`` (the config, without fields that it does not set) and ``plan`` (plan_id, name)."""
    tenant = {
        key: value for key, value in config.items() if value is not None and key != "source_tenant_deploy_config"
    }
    if endpoints := tenant.get("network_endpoints"):
        tenant["network_endpoints"] = [
            {key: value for key, value in endpoint.items() if value is not None} for endpoint in endpoints
        ]
    return {"tenant": tenant, "plan": plan}


class CompiledStep:
    """One step of a stage, everything that does not depend on the tenant done. Raises ``InvalidInput``."""

    def __init__(self, name: str, step: Step[Any], defaults: Mapping[str, Any], given: Mapping[str, Any], path: str) -> None:
        self.name = name
        self.step = step
        self.path = path
        self._model = step.Parameters
        self._overridden: dict[str, StepParameters] = {}
        own = self._by_field(given, path)
        self.parameters = {key: value for key, value in defaults.items() if key in self._model.model_fields} | own
        try:
            self._renderer = compile_value(self.parameters)
        except TemplateFault as fault:
            raise InvalidInput([self._fault(fault, {})]) from fault
        self._constant: StepParameters | None = None
        self._check_constant_part()

    @property
    def is_constant(self) -> bool:
        """Whether its parameters are the same for every tenant without overrides."""
        return self._constant is not None

    def build(self, variables: Variables, overrides: Mapping[str, Any] | None) -> BuiltStep:
        """The step for one tenant. Raises ``InvalidInput``; a problem of an override has a path that begins with it."""
        if not overrides:
            return BuiltStep(self.name, self.step, self._constant or self._parameters(variables, {}, ""))
        key, values = overrides["key"], overrides["values"]
        path = f"overrides.{key}"
        if self._renderer is not None or (renderer := _compile_override(values, path)) is not None:
            if self._renderer is None:
                values = _render(renderer, variables, path)
            return BuiltStep(self.name, self.step, self._parameters(variables, self._by_field(values, path), path))
        text = canonical_json(values)
        if (parameters := self._overridden.get(text)) is None:
            parameters = self._parameters(variables, self._by_field(values, path), path)
            if len(self._overridden) < _CACHED:
                self._overridden[text] = parameters
        return BuiltStep(self.name, self.step, parameters)
