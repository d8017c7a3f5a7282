"""One step of a stage: compiled once, built for each tenant from overrides, plan and application defaults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.few_mistakes import model_or_problems
from orchestrator.domain.naming import in_spelling_of, snake_case, unknown
from orchestrator.domain.wording import first_key, join, shown
from orchestrator.secrets.references import NO_SECRETS
from orchestrator.stages.built_step import BuiltStep, partly_built
from orchestrator.stages.meant import meant_parameters
from orchestrator.stages.package_code import as_written, package_code, written_names
from orchestrator.stages.unsaid import without_given
from orchestrator.stages.unsure import unsure_parameters
from orchestrator.templates.templates import (
    Renderer,
    TemplateFault,
    Variables,
    compile_right,
    has_template,
    rendered_both,
)
from steps.contract import NO_NEEDS, Step, StepParameters
from steps.expressions.judgement import is_expression
from steps.json_values import canonical_json
from steps.kept_by_size import KeptBySize

Overridden = KeptBySize[tuple[int, str], "BuiltStep"]
"""Steps checked with an override: by the step's own number and the override's text."""

MOST_UNKNOWN: Final = 50
"""Wrong names of parameters that are told of one step; the rest are counted."""

_NUMBERS: Final = itertools.count()
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Override:
    """What a tenant says of all steps of one type: the ``values`` by field without what no such step has, their
    ``path`` in the tenant, the ``problems`` of those that were left out, and what these mean."""

    path: str
    values: Mapping[str, Any]
    problems: Sequence[Problem]
    meant: Mapping[str, Any]


class CompiledStep:
    """One step of a stage with all that does not depend on the tenant done.

    Takes the registry's step and its ``name`` there, whatever the step says of itself since; the application's
    ``defaults`` for it, the parameters as ``given`` in the plan, the step's ``path`` in it, and where steps with
    overrides are kept, which all steps share. What is wrong for every tenant is in ``problems``; such a step is never
    run, and ``look`` finds what else is wrong with it. ``is_guess``: it may be of another type.
    """

    def __init__(
        self,
        name: str,
        step: Step[Any],
        defaults: Mapping[str, Any],
        given: Mapping[str, Any],
        path: str,
        overridden: Overridden,
        *,
        is_guess: bool = False,
    ) -> None:
        self.name = name
        self.is_guess = is_guess
        self.step = step
        self.path = path
        self._number = next(_NUMBERS)
        self._given = given
        self._overridden = overridden
        fields = step.Parameters.model_fields
        self._spellings = {field.alias or name: name for name, field in fields.items()}
        self._written = written_names(step.Parameters)
        self._keys = {self._written[name]: key for key, name in self._spellings.items()}
        self._expressions = frozenset(name for name, field in fields.items() if is_expression(field))
        own, self.problems = self._by_field(given, path)
        self._parameters = {key: value for key, value in defaults.items() if key in fields} | own
        self._renderer, faults = self._compile(self._parameters, path)
        self.problems += faults
        self.constant = self._check_constant_part(meant_parameters(given, self._written, own))
        self.reaches_nothing = False
        """Whether it takes nothing from the tenant's config or the settings; it is told no secret then."""
        if self.constant is not None:
            try:
                self.reaches_nothing = self.constant.needs(path) is NO_NEEDS
            except InvalidInput as error:
                self.wrong(error.problems)

    def wrong(self, problems: Iterable[Problem]) -> None:
        """Something else that is wrong for every tenant."""
        self.problems = [*problems, *self.problems]
        self.constant = None

    def override(self, key: str, values: Mapping[str, Any]) -> Override:
        """What stands at ``key`` of a tenant's ``overrides``, which is for steps of this type."""
        path = f"overrides.{key}"
        own, problems = self._by_field(values, path, of_override=True)
        return Override(path, own, problems, meant_parameters(values, self._written, own))

    def look(self, variables: Variables, override: Override | None) -> tuple[BuiltStep | None, list[Problem]]:
        """The step for one tenant, and all that is wrong with it for this one and is not in ``problems``. Of a wrong
        step, what is right of it, or None.

        The path of a wrong override begins with ``overrides.``, of others with ``stages[``.
        """
        if override is None:
            if self.constant is not None:
                return self.constant, []
            parameters, faults = self._render(self._renderer, self._parameters, variables, self.path)
            if parameters is self._parameters:
                return self._partly_constant, faults
            if faults:
                return self._partly(parameters, faults), faults
            return (self._partly(parameters, []), []) if self.problems else self._validated(parameters)
        values, path = override.values, override.path
        renderer, wrong = self._compile(values, path)
        parameters, faults = self._render(self._renderer, self._parameters, variables, self.path)
        given, more = self._render(renderer, values, variables, path)
        faults = [*override.problems, *wrong, *faults, *more]
        if faults or self.problems:
            return self._partly({**parameters, **given}, faults), faults + self._surely_wrong(override)
        if self._renderer is not None or renderer is not None:
            return self._validated({**parameters, **given}, values, path)
        # Tenants mostly share a few overrides: each is checked once.
        text = canonical_json(values)
        built = self._overridden.get((self._number, text))
        if built is None:
            built, faults = self._validated({**self._parameters, **values}, values, path)
            # It holds a copy of the step's own values beside those of the override.
            if not faults and built is not None:
                self._overridden.put((self._number, text), built, len(text) + self._characters)
        return built, faults

    @cached_property
    def _partly_constant(self) -> BuiltStep | None:
        """What is right of a step that is wrong, without its templates."""
        return self._partly(self._parameters, [])

    def is_of_all(self, built: BuiltStep) -> bool:
        """Whether that was made once, for all tenants; nothing is made to answer it."""
        return built is self.constant or built is vars(self).get("_partly_constant")

    def _partly(self, parameters: Mapping[str, Any], faults: Iterable[Problem]) -> BuiltStep | None:
        """The same with parameters for one tenant, of whom these are faults; the step's own have been judged."""
        wrong = {self._parameter(one.path) for one in (*self.problems, *faults)}
        wrong |= {key for key, one in parameters.items() if has_template(one)}
        right = {key: one for key, one in parameters.items() if key not in wrong}
        if parameters is not self._parameters:
            try:
                _, problems, more = self._model(right)
            except InvalidInput:
                return None
            wrong.update(first_key(one.path) for one in problems)
            right = {} if more else {key: one for key, one in right.items() if key not in wrong}
        return partly_built(self.name, self.step, right, parameters, frozenset(wrong), self.path)

    def _parameter(self, path: str) -> str:
        """The field that a problem is about: of the step, or of an override of its type."""
        inside = path.removeprefix(self.path) if path.startswith(self.path) else path.split(".", 2)[-1]
        written = snake_case(first_key(inside.removeprefix(".")))
        return next((name for name, own in self._written.items() if own == written), written)

    @cached_property
    def _characters(self) -> int:
        return len(canonical_json(self._given))

    def _compile(self, values: Mapping[str, Any], path: str) -> tuple[Renderer | None, list[Problem]]:
        """As ``compile_right``; what becomes part of an expression, which computes with it, sees no secrets."""
        expressions, faults = compile_right({key: one for key, one in values.items() if key in self._expressions})
        others, more = compile_right({key: one for key, one in values.items() if key not in self._expressions})
        problems = self._of_templates([*faults, *more], path)
        if expressions is None:
            return (None if others is None else lambda variables: {**values, **others(variables)}), problems

        def without_secrets(variables: Variables) -> Any:
            return expressions({**variables, "secret": NO_SECRETS})

        if others is None:
            return lambda variables: {**values, **without_secrets(variables)}, problems

        def render(variables: Variables) -> dict[str, Any]:
            return {**values, **rendered_both(others, without_secrets, variables)}

        return render, problems

    def _by_field(
        self, given: Mapping[str, Any], path: str, *, of_override: bool = False
    ) -> tuple[dict[str, Any], list[Problem]]:
        """The parameters under their snake_case names, and those that are none. Those of an override are stored under
        these: as written they mean the same, and a wrong one is told as it was written."""
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
            else:
                found[name] = value
        if len(problems) > MOST_UNKNOWN:
            more = Problem(path, None, f"and {len(problems) - MOST_UNKNOWN} more wrong names of parameters")
            problems = [*problems[:MOST_UNKNOWN], more]
        return found, problems

    def _check_constant_part(self, meant: Mapping[str, Any]) -> BuiltStep | None:
        """The step, if it is the same for every tenant. ``meant``: what stands under wrong names, by field."""
        more = 0
        try:
            made, found, more = self._model({**self._parameters, **meant})
        except InvalidInput as error:
            problems = list(without_given(error.problems, self._parameters, self._parameters))
        else:
            if made is not None:
                is_it = self._renderer is None and not self.problems
                return BuiltStep(self.name, self.step, made) if is_it else None
            problems = self._placed(found, 0, self._parameters, {}, "")
        # What a template will give is not known yet: its text stands where a number may come.
        unsure = unsure_parameters(self.step.Parameters, self._parameters) | meant.keys()
        problems = [one for one in problems if self._parameter(one.path) not in unsure]
        if self.is_guess:
            problems = [one for one in problems if self._parameter(one.path) in self._parameters]
        self.problems += problems + (self._counted(more) if problems else [])
        return None

    def _render(
        self, renderer: Renderer | None, values: Mapping[str, Any], variables: Variables, path: str
    ) -> tuple[Mapping[str, Any], list[Problem]]:
        if renderer is None:
            return values, []
        try:
            return renderer(variables), []
        except TemplateFault as fault:
            right = {**values, **fault.right} if fault.right else values
            return right, self._of_templates(fault.all, path)

    def _surely_wrong(self, override: Override) -> list[Problem]:
        """What is wrong with an override's values, whatever the step is that they are for."""
        sure = {key: value for key, value in override.values.items() if not has_template(value)}
        if not sure:
            return []
        try:
            given = {**self._parameters, **override.meant, **sure}
            _, problems, _ = self._model(given)
        except InvalidInput:
            return []
        unsure = unsure_parameters(self.step.Parameters, given)
        mine = [one for one in problems if (name := first_key(one.path)) in sure and name not in unsure]
        return self._placed(mine, 0, given, sure, override.path)

    def _validated(
        self, parameters: Mapping[str, Any], override: Mapping[str, Any] = _NOTHING, path: str = ""
    ) -> tuple[BuiltStep | None, list[Problem]]:
        try:
            made, problems, more = self._model(parameters)
        except InvalidInput as error:
            # Of code that raised anything else, which may have looked at all of them.
            sources = {**self._parameters, **override}
            return None, list(without_given(error.problems, sources, parameters))
        if made is None:
            faults = self._placed(problems, more, parameters, override, path)
            return self._partly(parameters, faults), faults
        return BuiltStep(self.name, self.step, made), []

    def _model(self, parameters: Mapping[str, Any]) -> tuple[StepParameters | None, list[Problem], int]:
        with package_code(self.name, self.path, self.step.Parameters):
            found = model_or_problems(self.step.Parameters, parameters)
        return found

    def _placed(
        self, problems: Iterable[Problem], more: int, given: Mapping[str, Any], override: Mapping[str, Any], path: str
    ) -> list[Problem]:
        found = []
        for problem in without_given(problems, {**self._parameters, **override}, given):
            of_override = first_key(problem.path) in override
            where = join(path if of_override else self.path, as_written(self.step.Parameters, problem.path))
            found.append(replace(problem, path=where))
        return found + self._counted(more)

    def _of_templates(self, faults: Sequence[TemplateFault], path: str) -> list[Problem]:
        places = (join(path, as_written(self.step.Parameters, one.path)) for one in faults)
        return [Problem(place, shown(one.source), one.message) for place, one in zip(places, faults, strict=True)]

    def _counted(self, more: int) -> list[Problem]:
        return [Problem(self.path, None, f"and {more} more problems")] if more else []
