"""What the models of a plan are made of: names, ids, numbers, and how strictly they are read."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator.domain.printable import steering_character


def steers_nothing(name: str) -> str:
    """Names and ids are shown to people, who must see what they are. Raises ``ValueError``."""
    if (found := steering_character(name)) is not None:
        raise ValueError(f"expected text without control, direction or invisible characters ({found})")
    return name


def says_something(name: str) -> str:
    """A name is given at the command line, where one of white space is taken for none. Raises ``ValueError``."""
    if name.isspace():
        raise ValueError("expected a name, not white space alone")
    return name


def each_once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("expected each name once")
    return names


# Strict throughout: `"4"` for a number or `true` for a version is a slip of the pen that must not move a tenant.
Text = Annotated[str, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Name = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=200),
    AfterValidator(steers_nothing),
    AfterValidator(says_something),
]
Identifier = Annotated[str, Field(strict=True, min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
PLAN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What an ``Identifier`` is, for what is no model: there can be no plan of another id."""
TenantId = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f{}]+$"),
    AfterValidator(steers_nothing),
]
LabelKey = Annotated[str, Field(strict=True, min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
LabelValue = Annotated[str, Field(strict=True, min_length=1, max_length=128), AfterValidator(steers_nothing)]
GroupName = Annotated[str, Field(strict=True, min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Condition = Annotated[str, Field(strict=True, min_length=1, max_length=10_000)]
Version = Text | Whole
Seconds = Annotated[float, Field(gt=0, le=30 * 86400, allow_inf_nan=False)]
PlanSeconds = Annotated[Seconds, Field(strict=True)]


class Model(BaseModel):
    """snake_case and camelCase in, unknown keys refused, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=to_camel)
