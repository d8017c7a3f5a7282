"""Makes runnable stages: a stage as written in a plan, plus one tenant's config, gives steps with checked parameters.

A parameter's value is looked for in the tenant's ``overrides``, the step in the plan, the application's settings and
the step's own default, in that order. A stage is compiled once; a step whose parameters are the same for every tenant
is checked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.json_mistakes import json_mistakes
from orchestrator.domain.naming import snake_case, step_type, unknown
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.scopes import ScopedSecrets
from orchestrator.settings.model import Settings
from orchestrator.stages.compiled_step import BuiltStep, CompiledStep, Overridden, WrongOverride
from orchestrator.templates.condition import compile_condition, condition_holds
from orchestrator.templates.templates import Renderer, Variables
from orchestrator.templates.variables import template_variables
from steps.contract import Step
from steps.expressions.budget import shared_budget
from steps.json_values import canonical_json
from steps.kept_by_size import KeptBySize

MOST_KEPT: Final = 1024
MOST_CHARACTERS: Final = 1024 * 1024
"""Of stages that are kept compiled, and of overrides that are: so many, and made from so much text."""

_NOTHING: Mapping[str, Any] = {}


class Registry(Protocol):
    """The steps there are, by the word after ``type:``."""

    def get(self, name: str) -> Step[Any]: ...

    def names(self) -> Iterable[str]: ...


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
        self.reaches_nothing = all(step.reaches_nothing for step in self.steps)
        """The same for every tenant without overrides, whatever its config: nothing of it is to be checked then."""

    def takes_part(self, config: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
        """Whether the stage is for this tenant: its ``when`` over the *new* config. Raises ``InvalidInput``."""
        return self.when is None or condition_holds(self.when, template_variables(config, plan))

    def constant(self, config: Mapping[str, Any]) -> Sequence[BuiltStep] | None:
        """The steps, if neither the tenant nor its plan has a say in them."""
        return None if config.get("overrides") else self._constant

    def build(self, config: Mapping[str, Any], variables: Variables) -> list[BuiltStep]:
        """The steps for one tenant: its full config and the ``template_variables`` of it. Raises ``InvalidInput``."""
        if (constant := self.constant(config)) is not None:
            return list(constant)
        overrides = config.get("overrides")
        by_type = {step_type(key): (key, values) for key, values in overrides.items()} if overrides else _NOTHING
        found: list[BuiltStep] = []
        problems: dict[tuple[str, str, str], Problem] = {}
        refused: set[str] = set()
        # Each template is bounded, but a stage may have thousands: they are bounded together too.
        with shared_budget():
            for step in self.steps:
                if step.name in refused:
                    continue
                try:
                    found.append(self._build_step(step, variables, by_type.get(step.name)))
                except InvalidInput as error:
                    problems |= {(one.path, one.message, str(one.value)): one for one in error.problems}
                    if isinstance(error, WrongOverride):
                        refused.add(step.name)
        if problems:
            raise InvalidInput(list(problems.values()))
        return found

    def _build_step(
        self, step: CompiledStep, variables: Variables, override: tuple[str, Mapping[str, Any]] | None
    ) -> BuiltStep:
        secrets = variables.get("secret")
        if (step.constant is not None and override is None) or not isinstance(secrets, ScopedSecrets):
            return step.build(variables, override)
        secrets = secrets.at_step(self.name, step.name)
        built = step.build({**variables, "secret": secrets}, override)
        return replace(built, secrets=frozenset(secrets.read)) if secrets.read else built


class StageFactory:
    """Compiles stages against the steps there are and the application's settings."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._known = frozenset(registry.names())
        self._defaults: dict[str, Mapping[str, Any]] = {"health-check": settings.health_check.model_dump()}
        self._compiled: KeptBySize[str, CompiledStage] = KeptBySize(MOST_KEPT, MOST_CHARACTERS)
        self._overridden: Overridden = KeptBySize(MOST_KEPT, MOST_CHARACTERS)

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
        step, defaults = self._registry.get(name), self._defaults.get(name, _NOTHING)
        mistakes = {key: found for key, value in given.items() if (found := json_mistakes(value, join(path, key)))}
        if not mistakes:
            return CompiledStep(name, step, defaults, given, path, self._overridden)
        problems = [one for found in mistakes.values() for one in found]
        try:
            CompiledStep(name, step, defaults, {**given, **dict.fromkeys(mistakes)}, path, self._overridden)
        except InvalidInput as error:
            told = {join(path, snake_case(key)) for key in mistakes}
            problems += [one for one in error.problems if one.path not in told]
        raise InvalidInput(problems)

    def build_stage(
        self, stage: Mapping[str, Any], config: Mapping[str, Any], plan: Mapping[str, Any]
    ) -> list[BuiltStep]:
        """The runnable steps of one stage for one tenant; compiled stages are kept. Raises ``InvalidInput``.

        ``config``: the tenant's config, snake_case keys. ``plan``: ``{plan_id, name}``.
        """
        key = canonical_json(stage)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self.compile_stage(stage)
            self._compiled.put(key, compiled, len(key))
        return compiled.build(config, template_variables(config, plan))
