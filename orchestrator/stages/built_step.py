"""A step with its parameters checked, ready to run; or what is right of one that is wrong, to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.few_mistakes import model_or_problems
from orchestrator.domain.made_up import MADE_UP
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import first_key, model_in
from orchestrator.stages.package_code import as_written, needs_of, package_code, written_names
from orchestrator.templates.templates import has_template
from steps.contract import NO_NEEDS, Needs, Outcome, Step, StepContext, StepParameters


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """A step ready to run: the word of its type, the step, its checked parameters, the secrets that are in them.

    ``wrong`` names what is wrong with a step that is never run, of a mapping of which something is right that alone
    (``rebroadcast.every``): nothing but ``needs`` is asked of it.
    """

    name: str
    step: Step[Any]
    parameters: StepParameters
    secrets: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()

    def needs(self, path: str) -> Needs:
        """What it reaches for; ``path`` is its place in the plan. Raises ``InvalidInput`` if its package cannot say."""
        found = needs_of(self.parameters, self.name, path)
        if found is NO_NEEDS or not (self.wrong or _has_aliases(type(self.parameters))):
            return found
        kinds = ("urls", "keys", "channels", "connections", "instances")
        sure = {kind: self._sure(getattr(found, kind)) for kind in kinds}
        # What it asks instead of a tenant's endpoints may be what is wrong.
        return replace(found, endpoints=found.endpoints and not self.wrong, **sure)

    def _sure(self, needed: Mapping[str, str]) -> dict[str, str]:
        return {
            as_written(type(self.parameters), place): value
            for place, value in needed.items()
            if place not in self.wrong and place.partition(".")[0] not in self.wrong and MADE_UP not in value
        }


@lru_cache(maxsize=256)
def _has_aliases(parameters: type[StepParameters]) -> bool:
    return any(name != written for name, written in written_names(parameters).items())


def partly_built(
    name: str,
    step: Step[Any],
    right: Mapping[str, Any],
    parameters: Mapping[str, Any],
    wrong: frozenset[str],
    path: str,
) -> BuiltStep | None:
    """A step of those ``parameters`` that are ``right`` by themselves, and of what is right in mappings that are
    ``wrong``, if something can be said of it."""
    made: dict[str, Any] = {}
    try:
        with package_code(name, path, step.Parameters):
            for key, field in step.Parameters.model_fields.items():
                inner, value = model_in(field.annotation), parameters.get(key)
                if key in right:
                    value = right[key]
                    made[key] = inner.model_validate(value) if inner and isinstance(value, Mapping) else value
                elif inner and isinstance(value, Mapping):
                    made[key], within = _partly_made(inner, value)
                    wrong = (wrong - {key}) | {f"{key}.{one}" for one in within}
                elif field.is_required():
                    made[key] = MADE_UP
            found = BuiltStep(name, step, step.Parameters.model_construct(**made), wrong=wrong)
        found.needs(path)
    except InvalidInput:
        return None
    return found


def _partly_made(model: type[BaseModel], given: Mapping[str, Any]) -> tuple[BaseModel, set[str]]:
    """The same of a mapping within, and the names of what is wrong there."""
    spellings = {spelling: name for name, one in model.model_fields.items() for spelling in (name, one.alias or name)}
    known = {spellings[key]: one for key, one in given.items() if key in spellings and not has_template(one)}
    _, problems, _ = model_or_problems(model, known)
    wrong = {first_key(one.path) for one in problems}
    wrong |= {snake_case(str(key)) for key in given if spellings.get(key) not in known}
    made: dict[str, Any] = {key: one for key, one in known.items() if key not in wrong}
    made |= {key: MADE_UP for key, one in model.model_fields.items() if one.is_required() and key in wrong}
    return model.model_construct(**made), wrong


class _AnyParameters(StepParameters):
    model_config = ConfigDict(extra="allow")


class _UntypedStep(Step[_AnyParameters]):
    name = ""
    Parameters = _AnyParameters

    def run(self, parameters: _AnyParameters, context: StepContext) -> Outcome:
        raise NotImplementedError("a step without a type is never run")


UNTYPED: Final = _UntypedStep()
"""Stands for a step of which nobody knows what it is: any parameter is right, as far as its templates are."""
