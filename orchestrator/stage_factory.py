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

from orchestrator.condition import compile_condition, condition_holds
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.json_values import canonical_json
from orchestrator.naming import snake_case, step_type, unknown
from orchestrator.secrets import PLACEHOLDERS
from orchestrator.settings import Settings
from orchestrator.templates import Renderer, TemplateFault, Variables, compile_value
from orchestrator.wording import join, problems_of, shown
from steps.contract import Step, StepParameters
from steps.sandbox import ReadByName

_CACHED = 1024
_NOTHING: Mapping[str, Any] = {}


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


def template_variables(
    config: Mapping[str, Any], plan: Mapping[str, Any], secret: ReadByName = PLACEHOLDERS
) -> dict[str, Any]:
    """What templates see: ``tenant`` (the config, without what it does not set), ``plan`` (plan_id, name), ``secret``.

    Secrets are placeholders unless a worker gives the real ones.
    """
    tenant = {key: value for key, value in config.items() if value is not None and key != "source_tenant_deploy_config"}
    if endpoints := tenant.get("network_endpoints"):
        tenant["network_endpoints"] = [
            {key: value for key, value in endpoint.items() if value is not None} for endpoint in endpoints
        ]
    return {"tenant": tenant, "plan": plan, "secret": secret}


class CompiledStep:
    """One step of a stage with all that does not depend on the tenant done.

    Takes the registry's step, the application's ``defaults`` for it, the parameters as ``given`` in the plan and the
    step's ``path`` in it. Raises ``InvalidInput``.
    """

    def __init__(self, step: Step[Any], defaults: Mapping[str, Any], given: Mapping[str, Any], path: str) -> None:
        self.step = step
        self.path = path
        self._overridden: dict[str, BuiltStep] = {}
        fields = step.Parameters.model_fields
        self._spellings = {field.alias or name: name for name, field in fields.items()}
        # A parameter whose name a Python class cannot have (`json`) is known to users by its alias only.
        self._written = {name: snake_case(field.alias or name) for name, field in fields.items()}
        own = self._by_field(given, path)
        self._parameters = {key: value for key, value in defaults.items() if key in fields} | own
        try:
            self._renderer = compile_value(self._parameters)
        except TemplateFault as fault:
            raise InvalidInput([Problem(join(path, fault.path), shown(fault.source), fault.message)]) from fault
        self.constant = self._check_constant_part()

    def build(self, variables: Variables, override: tuple[str, Mapping[str, Any]] | None) -> BuiltStep:
        """The step for one tenant; ``override`` is the key in ``overrides`` that is for this step, and its values.

        Raises ``InvalidInput``; the path of a wrong override begins with ``overrides.``, of others with ``stages[``.
        """
        if override is None:
            return self.constant or self._validated(
                self._render(self._renderer, self._parameters, variables, self.path)
            )
        path = f"overrides.{override[0]}"
        values = self._by_field(override[1], path)
        renderer = self._compile_override(values, path)
        if self._renderer is not None or renderer is not None:
            parameters = self._render(self._renderer, self._parameters, variables, self.path)
            return self._validated({**parameters, **self._render(renderer, values, variables, path)}, values, path)
        # Tenants mostly share a few overrides: each is checked once.
        text = canonical_json(values)
        built = self._overridden.get(text)
        if built is None:
            built = self._validated({**self._parameters, **values}, values, path)
            if len(self._overridden) < _CACHED:
                self._overridden[text] = built
        return built

    def _by_field(self, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The parameters under their snake_case names."""
        fields = self.step.Parameters.model_fields
        found: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, value in given.items():
            name = key if key in fields else self._spellings.get(key, key)
            if name not in fields and self.step.Parameters.model_config.get("extra") == "forbid":
                message = unknown(f"parameter of {self.step.name}", key, self._written.values())
                problems.append(Problem(join(path, key[:200]), shown(value), message))
            elif name in found:
                problems.append(Problem(join(path, key), shown(value), f"given twice, in two spellings ({name})"))
            found[name] = value
        if problems:
            raise InvalidInput(problems)
        return found

    def _check_constant_part(self) -> BuiltStep | None:
        problems: list[Problem] = []
        try:
            built = BuiltStep(self.step.name, self.step, self.step.Parameters.model_validate(self._parameters))
            return built if self._renderer is None else None
        except ValidationError as error:
            problems = self._problems(error, {}, "")
        if self._renderer is not None:
            # What a template will give is not known yet: its text stands where a number may come.
            members = {
                self._written.get(k, k) for k, value in self._parameters.items() if compile_value(value) is not None
            }
            problems = [problem for problem in problems if not self._is_under(problem.path, members)]
        if problems:
            raise InvalidInput(problems)
        return None

    def _is_under(self, path: str, members: set[str]) -> bool:
        return any(path.startswith(join(self.path, member)) for member in members)

    def _render(self, renderer: Renderer | None, value: Any, variables: Variables, path: str) -> Any:
        if renderer is None:
            return value
        try:
            return renderer(variables)
        except TemplateFault as fault:
            raise InvalidInput([Problem(join(path, fault.path), shown(fault.source), fault.message)]) from fault

    def _compile_override(self, values: Mapping[str, Any], path: str) -> Renderer | None:
        try:
            return compile_value(values)
        except TemplateFault as fault:
            raise InvalidInput([Problem(join(path, fault.path), shown(fault.source), fault.message)]) from fault

    def _validated(
        self, parameters: Mapping[str, Any], override: Mapping[str, Any] = _NOTHING, path: str = ""
    ) -> BuiltStep:
        try:
            return BuiltStep(self.step.name, self.step, self.step.Parameters.model_validate(parameters))
        except ValidationError as error:
            raise InvalidInput(self._problems(error, override, path)) from error

    def _problems(self, error: ValidationError, override: Mapping[str, Any], path: str) -> list[Problem]:
        found = []
        for problem in problems_of(error, self.step.Parameters):
            name = problem.path.partition(".")[0].partition("[")[0]
            base = path if name in override else self.path
            place = self._written.get(name, name) + problem.path.removeprefix(name)
            found.append(Problem(join(base, place), problem.value, problem.message))
        return found


class CompiledStage:
    """A stage ready to be built for any tenant. Raises ``InvalidInput`` with all that is wrong for every tenant."""

    def __init__(self, stage: Mapping[str, Any], path: str, factory: StageFactory, leave_out_bad: bool = False) -> None:
        self.name = str(stage.get("name", ""))
        self.steps: list[CompiledStep] = []
        problems: list[Problem] = []
        for index, spec in enumerate(stage["steps"]):
            try:
                self.steps.append(factory.compile_step(spec, f"{path}.steps[{index}]" if path else f"steps[{index}]"))
            except InvalidInput as error:
                problems.extend(error.problems)
        if problems and not leave_out_bad:
            raise InvalidInput(problems)
        self.when: Renderer | None = None
        if (condition := stage.get("when")) is not None:
            self.when = compile_condition(condition, f"{path}.when" if path else "when")
        built = [step.constant for step in self.steps]
        self._constant = [step for step in built if step is not None] if all(built) else None

    def takes_part(self, config: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
        """Whether the stage is for this tenant: its ``when`` over the *new* config. Raises ``InvalidInput``."""
        return self.when is None or condition_holds(self.when, template_variables(config, plan))

    def build(self, config: Mapping[str, Any], variables: Variables) -> list[BuiltStep]:
        """The steps for one tenant: its full config and the ``template_variables`` of it. Raises ``InvalidInput``."""
        overrides = config.get("overrides")
        if not overrides and self._constant is not None:
            return list(self._constant)
        by_type = {step_type(key): (key, values) for key, values in overrides.items()} if overrides else _NOTHING
        found: list[BuiltStep] = []
        problems: list[Problem] = []
        for step in self.steps:
            try:
                found.append(step.build(variables, by_type.get(step.step.name)))
            except InvalidInput as error:
                problems.extend(problem for problem in error.problems if problem not in problems)
        if problems:
            raise InvalidInput(problems)
        return found


class StageFactory:
    """Compiles stages against the steps there are and the application's settings."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._known = frozenset(registry.names())
        self._defaults: dict[str, Mapping[str, Any]] = {"health-check": settings.health_check.model_dump()}
        self._compiled: dict[str, CompiledStage] = {}

    @property
    def step_types(self) -> frozenset[str]:
        """The words that may stand after ``type:``."""
        return self._known

    def compile_stage(self, stage: Mapping[str, Any], path: str = "", *, leave_out_bad: bool = False) -> CompiledStage:
        """Compile ``{name, steps: [{type, ...}]}``; ``path`` is its place in the plan (``stages[0]``).

        Raises ``InvalidInput`` with every unknown step, unknown or wrong parameter and wrong template;
        ``leave_out_bad`` compiles what is left without these steps.
        """
        return CompiledStage(stage, path, self, leave_out_bad)

    def compile_step(self, spec: Mapping[str, Any], path: str) -> CompiledStep:
        """Compile one step as written. Raises ``InvalidInput``."""
        word = str(spec["type"])
        name = word if word in self._known else step_type(word)
        if name not in self._known:
            raise InvalidInput([Problem(join(path, "type"), shown(word), unknown("step type", word, self._known))])
        given = {key: value for key, value in spec.items() if key != "type"}
        return CompiledStep(self._registry.get(name), self._defaults.get(name, _NOTHING), given, path)

    def build_stage(
        self, stage: Mapping[str, Any], config: Mapping[str, Any], plan: Mapping[str, Any]
    ) -> list[BuiltStep]:
        """The runnable steps of one stage for one tenant; compiled stages are kept. Raises ``InvalidInput``.

        ``config``: the tenant's config, snake_case keys. ``plan``: ``{plan_id, name}``.
        """
        key = canonical_json(stage)
        compiled = self._compiled.get(key)
        if compiled is None:
            if len(self._compiled) >= _CACHED:
                self._compiled.clear()
            compiled = self._compiled[key] = self.compile_stage(stage)
        return compiled.build(config, template_variables(config, plan))
