"""One step of a stage: compiled once, built for each tenant from overrides, plan and application defaults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.few_mistakes import model_or_problems
from orchestrator.domain.naming import in_spelling_of, snake_case, unknown
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.references import NO_SECRETS
from orchestrator.stages.package_code import needs_of, package_code
from orchestrator.templates.templates import Renderer, TemplateFault, Variables, compile_value
from steps.contract import NO_NEEDS, Needs, Step, StepParameters
from steps.expressions.judgement import is_expression
from steps.json_values import canonical_json
from steps.kept_by_size import KeptBySize

Overridden = KeptBySize[tuple[int, str], "BuiltStep"]
"""Steps checked with an override: by the step's own number and the override's text."""

MOST_UNKNOWN: Final = 50
"""Wrong names of parameters that are told of one step; the rest are counted."""

_NUMBERS: Final = itertools.count()
_NOTHING: Mapping[str, Any] = {}


class WrongOverride(InvalidInput):
    """A tenant's override has parameters that no step of its type has: the same for each step of this type."""


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """A step ready to run: the word of its type, the step, its checked parameters, the secrets that are in them."""

    name: str
    step: Step[Any]
    parameters: StepParameters
    secrets: frozenset[str] = frozenset()

    def needs(self, path: str) -> Needs:
        """What it reaches for; ``path`` is its place in the plan. Raises ``InvalidInput`` if its package cannot say."""
        return needs_of(self.parameters, self.name, path)


class CompiledStep:
    """One step of a stage with all that does not depend on the tenant done.

    Takes the registry's step and its ``name`` there, whatever the step says of itself since; the application's
    ``defaults`` for it, the parameters as ``given`` in the plan, the step's ``path`` in it, and where steps with
    overrides are kept, which all steps share. Raises ``InvalidInput``.
    """

    def __init__(
        self,
        name: str,
        step: Step[Any],
        defaults: Mapping[str, Any],
        given: Mapping[str, Any],
        path: str,
        overridden: Overridden,
    ) -> None:
        self.name = name
        self.step = step
        self.path = path
        self._number = next(_NUMBERS)
        self._given = given
        self._overridden = overridden
        fields = step.Parameters.model_fields
        self._spellings = {field.alias or name: name for name, field in fields.items()}
        # A parameter whose name a Python class cannot have (`json`) is known to users by its alias only.
        self._written = {name: snake_case(field.alias or name) for name, field in fields.items()}
        self._keys = {self._written[name]: key for key, name in self._spellings.items()}
        self._expressions = frozenset(name for name, field in fields.items() if is_expression(field))
        own = self._by_field(given, path)
        self._parameters = {key: value for key, value in defaults.items() if key in fields} | own
        try:
            self._renderer = self._compile(self._parameters)
        except TemplateFault as fault:
            raise InvalidInput([Problem(join(path, fault.path), shown(fault.source), fault.message)]) from fault
        self.constant = self._check_constant_part()
        self.reaches_nothing = self.constant is not None and self.constant.needs(path) is NO_NEEDS
        """Whether it takes nothing from the tenant's config or the settings; it is told no secret then."""

    def build(self, variables: Variables, override: tuple[str, Mapping[str, Any]] | None) -> BuiltStep:
        """The step for one tenant; ``override`` is the key in ``overrides`` that is for this step, and its values.

        Raises ``InvalidInput``; the path of a wrong override begins with ``overrides.``, of others with ``stages[``.
        """
        if override is None:
            return self.constant or self._validated(
                self._render(self._renderer, self._parameters, variables, self.path)
            )
        path = f"overrides.{override[0]}"
        try:
            values = self._by_field(override[1], path, of_override=True)
        except InvalidInput as error:
            raise WrongOverride(error.problems) from error
        renderer = self._compile_override(values, path)
        if self._renderer is not None or renderer is not None:
            parameters = self._render(self._renderer, self._parameters, variables, self.path)
            return self._validated({**parameters, **self._render(renderer, values, variables, path)}, values, path)
        # Tenants mostly share a few overrides: each is checked once.
        text = canonical_json(values)
        built = self._overridden.get((self._number, text))
        if built is None:
            built = self._validated({**self._parameters, **values}, values, path)
            # It holds a copy of the step's own values beside those of the override.
            self._overridden.put((self._number, text), built, len(text) + self._characters)
        return built

    @cached_property
    def _characters(self) -> int:
        return len(canonical_json(self._given))

    def _compile(self, values: Mapping[str, Any]) -> Renderer | None:
        """As ``compile_value``; what becomes part of an expression, which computes with it, sees no secrets."""
        expressions = compile_value({key: value for key, value in values.items() if key in self._expressions})
        if expressions is None:
            return compile_value(values)
        others = {key: value for key, value in values.items() if key not in self._expressions}
        renderer = compile_value(others)

        def render(variables: Variables) -> dict[str, Any]:
            found = others if renderer is None else renderer(variables)
            return {**found, **expressions({**variables, "secret": NO_SECRETS})}

        return render

    def _by_field(self, given: Mapping[str, Any], path: str, *, of_override: bool = False) -> dict[str, Any]:
        """The parameters under their snake_case names. Those of an override are stored under these: as written they
        mean the same, and a wrong one is told as it was written."""
        fields = self.step.Parameters.model_fields
        found: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, value in given.items():
            own = snake_case(key) if of_override else key
            name = own if own in fields else self._spellings.get(own, own)
            if name not in fields and self.step.Parameters.model_config.get("extra") == "forbid":
                message = unknown(f"parameter of {self.name}", key, in_spelling_of(key, self._keys))
                problems.append(Problem(join(path, cut_text(key)), shown(value), message))
            elif name in found and not of_override:
                problems.append(Problem(join(path, key), shown(value), f"given twice, in two spellings ({name})"))
            found[name] = value
        if len(problems) > MOST_UNKNOWN:
            more = Problem(path, None, f"and {len(problems) - MOST_UNKNOWN} more wrong names of parameters")
            problems = [*problems[:MOST_UNKNOWN], more]
        if problems:
            raise InvalidInput(problems)
        return found

    def _check_constant_part(self) -> BuiltStep | None:
        try:
            made, found, more = self._model(self._parameters)
        except InvalidInput as error:
            problems = error.problems
        else:
            if made is not None:
                return BuiltStep(self.name, self.step, made) if self._renderer is None else None
            problems = self._placed(found, more, {}, "")
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
            return self._compile(values)
        except TemplateFault as fault:
            raise InvalidInput([Problem(join(path, fault.path), shown(fault.source), fault.message)]) from fault

    def _validated(
        self, parameters: Mapping[str, Any], override: Mapping[str, Any] = _NOTHING, path: str = ""
    ) -> BuiltStep:
        made, problems, more = self._model(parameters)
        if made is None:
            raise InvalidInput(self._placed(problems, more, override, path))
        return BuiltStep(self.name, self.step, made)

    def _model(self, parameters: Mapping[str, Any]) -> tuple[StepParameters | None, list[Problem], int]:
        with package_code(self.name, self.path, self.step.Parameters):
            found = model_or_problems(self.step.Parameters, parameters)
        return found

    def _placed(self, problems: Iterable[Problem], more: int, override: Mapping[str, Any], path: str) -> list[Problem]:
        found = []
        for problem in problems:
            name = problem.path.partition(".")[0].partition("[")[0]
            base = path if name in override else self.path
            place = self._written.get(name, name) + problem.path.removeprefix(name)
            found.append(Problem(join(base, place), problem.value, problem.message))
        if more:
            found.append(Problem(self.path, None, f"and {more} more problems"))
        return found
