"""What every table of settings is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from orchestrator.settings.environment import kinds_of

CountedSeconds = Annotated[float, Field(ge=0.001, le=30 * 86400, allow_inf_nan=False)]
"""A length of time. The ledger has whole milliseconds, and one of none would be over before it begins."""


def number_and_no_truth(cls: type[BaseModel], value: Any, info: ValidationInfo) -> Any:
    """``no`` is false in YAML, and false would be taken for 0."""
    kinds = kinds_of(cls.model_fields[str(info.field_name)].annotation)
    return no_truth(value) if bool not in kinds and (int in kinds or float in kinds) else value


def no_truth(value: Any) -> Any:
    """The same of a number within a setting."""
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


def in_millis(seconds: float) -> int:
    """As the ledger has it."""
    return round(seconds * 1000)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    _numbers = field_validator("*", mode="before")(number_and_no_truth)
