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
from orchestrator.domain.made_up import is_made_up
from orchestrator.domain.naming import nearest, snake_case, step_type, unknown
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.references import PLACEHOLDERS
from orchestrator.secrets.scopes import ScopedSecrets
from orchestrator.settings.model import Settings
from orchestrator.stages.built_step import UNTYPED, BuiltStep
from orchestrator.stages.compiled_step import CompiledStep, Overridden, Override
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
    """A stage ready to be built for any tenant. What is wrong for every tenant is in ``problems``: then it is never
    built, and ``look`` finds what else is wrong with it. A step that is None is none, and left out."""

    def __init__(self, stage: Mapping[str, Any], path: str, factory: StageFactory) -> None:
        self.name = str(stage.get("name", ""))
        self.steps: list[CompiledStep] = []
        self.problems: list[Problem] = []
        for index, spec in enumerate(stage["steps"]):
            if spec is not None:
                self.steps.append(factory.read_step(spec, join(path, f"steps[{index}]")))
                self.problems += self.steps[-1].problems
        self.when: Renderer | None = None
        self.knows_for_whom = True
        """Whether ``when`` is right: else nobody knows for whom the stage is meant."""
        if (condition := stage.get("when")) is not None:
            try:
                self.when = compile_condition(condition, join(path, "when"))
            except InvalidInput as error:
                self.problems += error.problems
                self.knows_for_whom = False
        built = [step.constant for step in self.steps]
        is_constant = all(built) and not self.problems
        self._constant = [step for step in built if step is not None] if is_constant else None
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
        built, problems, _ = self.look(config, variables)
        if problems or self.problems:
            raise InvalidInput([*self.problems, *problems])
        return [step for _, step in built]

    def look(
        self, config: Mapping[str, Any], variables: Variables
    ) -> tuple[list[tuple[CompiledStep, BuiltStep]], list[Problem], int]:
        """The steps for one tenant, of the wrong ones what is right of them; all that is wrong for this one; and how
        many of the wrong ones were made for it alone without a mistake of their own, by which they would be counted."""
        if (constant := self.constant(config)) is not None:
            return list(zip(self.steps, constant, strict=True)), [], 0
        overrides = config.get("overrides")
        by_type = {step_type(key): (key, values) for key, values in overrides.items()} if overrides else _NOTHING
        # The same for each step of a type.
        read: dict[str, Override] = {}
        found: list[tuple[CompiledStep, BuiltStep]] = []
        problems: dict[tuple[str, str, str], Problem] = {}
        looks = 0
        # Each template is bounded, but a stage may have thousands: they are bounded together too.
        with shared_budget():
            for step in self.steps:
                if step.name in by_type and step.name not in read:
                    read[step.name] = step.override(*by_type[step.name])
                built, wrong = self._look_at_step(step, variables, read.get(step.name))
                if built is not None:
                    found.append((step, built))
                if built is None or (built.wrong and not step.is_of_all(built)):
                    looks += not any(one.path.startswith(step.path) for one in wrong)
                problems |= {(one.path, one.message, str(one.value)): one for one in wrong}
        return found, list(problems.values()), looks

    def _look_at_step(
        self, step: CompiledStep, variables: Variables, override: Override | None
    ) -> tuple[BuiltStep | None, list[Problem]]:
        secrets = variables.get("secret")
        if (step.constant is not None and override is None) or not isinstance(secrets, ScopedSecrets):
            return step.look(variables, override)
        if step.is_guess:
            # What a secret is for may depend on the step's type.
            return step.look({**variables, "secret": PLACEHOLDERS}, override)
        secrets = secrets.at_step(self.name, step.name)
        built, problems = step.look({**variables, "secret": secrets}, override)
        if built is not None and secrets.read and not built.wrong:
            built = replace(built, secrets=frozenset(secrets.read))
        return built, problems


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

    def compile_stage(self, stage: Mapping[str, Any], path: str = "") -> CompiledStage:
        """Compile ``{name, steps: [{type, ...}]}``; ``path`` is its place in the plan (``stages[0]``).

        Raises ``InvalidInput`` with every unknown step, unknown or wrong parameter and wrong template.
        """
        compiled = CompiledStage(stage, path, self)
        if compiled.problems:
            raise InvalidInput(compiled.problems)
        return compiled

    def read_step(self, spec: Mapping[str, Any], path: str) -> CompiledStep:
        """Compile one step as written, right or wrong. Of a type that is none, it is one of the nearest, of which
        nothing is missing; where none is near, or the type is made up, one that may have any parameter."""
        word = str(spec["type"])
        name: str | None = word if word in self._known else step_type(word)
        problems = []
        if is_guess := name not in self._known:
            name = None if is_made_up(word) else nearest(word, self._known)
            if not is_made_up(word):
                problems = [Problem(join(path, "type"), shown(word), unknown("step type", word, self._known))]
        given = {key: value for key, value in spec.items() if key != "type"}
        step = UNTYPED if name is None else self._registry.get(name)
        defaults = self._defaults.get(name or "", _NOTHING)
        mistakes = {key: found for key, value in given.items() if (found := json_mistakes(value, join(path, key)))}
        right = {**given, **dict.fromkeys(mistakes)}
        compiled = CompiledStep(name or "", step, defaults, right, path, self._overridden, is_guess=is_guess)
        if problems:
            compiled.wrong(problems)
        if mistakes:
            told = {join(path, snake_case(key)) for key in mistakes}
            compiled.problems = [one for one in compiled.problems if one.path not in told]
            compiled.wrong([one for found in mistakes.values() for one in found])
        return compiled

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
