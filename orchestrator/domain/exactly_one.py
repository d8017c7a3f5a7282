"""The rule of a mapping that must have exactly one of some keys, told also while one of them is wrong in itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ModelWrapValidatorHandler, ValidationError
from pydantic_core import InitErrorDetails

MOST_ERRORS = 100
"""With more of them, only those are told."""
M = TypeVar("M", bound=BaseModel)


def exactly_one(raw: Any, handler: ModelWrapValidatorHandler[M], names: Sequence[str], rule: str) -> M:
    """The body of a model's wrapping validator: the model, or its errors and, if it is broken, the ``rule``.

    After an unknown key it is not told that none is given: the key may be one of them, misspelt.
    """
    try:
        made = handler(raw)
    except ValidationError as error:
        if not isinstance(raw, Mapping) or error.error_count() > MOST_ERRORS:
            raise
        found = error.errors(include_url=False)
        given = sum(raw.get(name) is not None for name in names)
        if given == 1 or (given == 0 and any(item["type"] == "extra_forbidden" for item in found)):
            raise
        broken = InitErrorDetails(type="value_error", loc=(), input=raw, ctx={"error": ValueError(rule)})
        raise ValidationError.from_exception_data(error.title, [*map(_again, found), broken]) from None
    if sum(getattr(made, name) is not None for name in names) != 1:
        raise ValueError(rule)
    return made


def _again(item: Any) -> InitErrorDetails:
    return InitErrorDetails(type=item["type"], loc=item["loc"], input=item["input"], ctx=item.get("ctx", {}))
