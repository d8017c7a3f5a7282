"""What a check of a plan answers: for the command line, which needs no server for it, and for a console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.control.door import PlanSource
from orchestrator.control.page_answers import ValidationResult
from orchestrator.domain.errors import Problem
from orchestrator.plans.plan import Plan
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.preview import preview_plan


def check_plan(
    plan: PlanSource, settings: Settings, conflicts: Callable[[Plan], list[Problem]], *, show: bool = False
) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
    """The plan's mistakes and warnings; with ``show`` what each of its tenants will do, rendered, if there are none."""
    validated = validate_plan(plan, settings=settings, conflicts=conflicts)
    made = validated.plan
    result = ValidationResult(
        valid=not validated.errors,
        errors=tuple(validated.errors),
        warnings=tuple(validated.warnings),
        tenant_count=len(made.tenants) if made else 0,
        resolved=made.rules.line() if made else "",
        fleet=made.rules.wire() if made and made.rules.line() else {},
    )
    return result, preview_plan(made, settings) if show and made else iter(())
