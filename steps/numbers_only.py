"""Where a step's parameter is a number, true and false are none: ``yes`` is true in YAML, and would be taken for 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, JsonValue, ValidationInfo


def no_truth_for_a_number(cls: type[BaseModel], value: object, info: ValidationInfo) -> object:
    """For validators before all others: the value itself. Raises ``ValueError``."""
    given = value if isinstance(value, list) else [value]
    kind = cls.model_fields[str(info.field_name)].annotation
    if any(isinstance(one, bool) for one in given) and _takes_numbers(kind):
        raise ValueError("expected a number")
    return value


def _takes_numbers(kind: Any) -> bool:
    kinds = list(_kinds(kind))
    return (int in kinds or float in kinds) and bool not in kinds and JsonValue not in kinds


def _kinds(kind: Any) -> Iterator[Any]:
    yield kind
    for inner in get_args(kind):
        yield from _kinds(inner)
