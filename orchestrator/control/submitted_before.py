"""A plan that is submitted and is there already: it is what it was, which who submits is told."""

from __future__ import annotations

from typing import Final

from orchestrator.control.answers import SubmitResult
from orchestrator.domain.errors import Problem

_THERE: Final = "this very plan is there already"


def there_already(state: str) -> Problem:
    """The warning."""
    return Problem("plan_id", None, f"{_THERE}, {state}: nothing was submitted")


def was_there(result: SubmitResult) -> bool:
    """Whether it has this warning."""
    return any(one.message.startswith(_THERE) for one in result.warnings)
