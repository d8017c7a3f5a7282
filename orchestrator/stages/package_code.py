"""Code of a step's package that runs where a plan is checked, shown or built: in the process of whoever submits it, in
a console, in a worker. Whatever it raises or answers, it is one mistake of that step, told at its place in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import first_key, join
from orchestrator.secrets.masking import mask
from steps.contract import NO_NEEDS, Needs, StepParameters
from steps.raised import is_for_process
from steps.told import type_name, words_of


class package_code:
    """A context that raises ``InvalidInput`` in the place of whatever is raised in it and is no matter of the process.

    ``path``: the step's place in the plan; a validator of one field that raises is told at that field's.
    """

    def __init__(self, step: str, path: str, parameters: type[StepParameters] | None = None) -> None:
        self._step = step
        self._path = path
        self._parameters = parameters

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or is_for_process(error):
            return
        place = join(self._path, _field(self._parameters, trace))
        message = mask(f"the code of step {self._step} raised {words_of(error)}; mend or uninstall its package")
        raise InvalidInput([Problem(place, None, message)]) from error


def _field(parameters: type[StepParameters] | None, trace: TracebackType | None) -> str:
    """The field whose validator it was, "" where that is not known."""
    if parameters is None:
        return ""
    validators = parameters.__pydantic_decorators__.field_validators
    while trace is not None:
        found = validators.get(trace.tb_frame.f_code.co_name)
        if found is not None and len(found.info.fields) == 1 and found.info.fields[0] != "*":
            return as_written(parameters, found.info.fields[0])
        trace = trace.tb_next
    return ""


@lru_cache(maxsize=256)
def written_names(parameters: type[StepParameters]) -> Mapping[str, str]:
    """The fields with the names that people write: one that a Python class cannot have (`json`) is an alias."""
    return {name: snake_case(field.alias or name) for name, field in parameters.model_fields.items()}


def as_written(parameters: type[StepParameters], path: str) -> str:
    """A path that begins with a field, with the name that people write."""
    name = first_key(path)
    return written_names(parameters).get(name, name) + path.removeprefix(name)


def needs_of(parameters: StepParameters, step: str, path: str) -> Needs:
    """What a step's parameters say that it reaches for, of plain values. Raises ``InvalidInput``."""
    with package_code(step, path):
        found: object = parameters.needs()
        needs = NO_NEEDS if found is NO_NEEDS else _plain(found)
    return needs


def _plain(found: Any) -> Needs:
    if not issubclass(type(found), Needs):
        raise TypeError(f"needs() answered a {type_name(found)}, expected steps.contract.Needs")
    names = ("urls", "keys", "channels", "connections", "instances")
    return Needs(**{one: dict(_texts(one, getattr(found, one))) for one in names}, endpoints=bool(found.endpoints))


def _texts(name: str, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for parameter, value in given.items():
        if not (isinstance(parameter, str) and isinstance(value, str)):
            raise TypeError(f"needs() answered {name} with a {type_name(value)}, expected text by parameter")
        yield str.__str__(parameter), str.__str__(value)
