"""Plans on their way to a console: read here, so that a mistake in a file is told with its place, checked there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.control.answers import SubmitResult
from orchestrator.control.door import PlanSource
from orchestrator.control.page_answers import ValidationResult
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.json_mistakes import json_mistakes
from orchestrator.doors.remote.answers import mappings, member_of, model_of
from orchestrator.doors.remote.connection import LONG_SECONDS, Connection
from orchestrator.files.json_text import MAX_DEPTH, too_deep
from orchestrator.plans.plan_file import read_plan_file


class RemoteSubmits:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def check(self, plan: PlanSource, *, show: bool) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
        try:
            body = _values(plan)
        except InvalidInput as error:
            return ValidationResult(valid=False, errors=tuple(error.problems)), iter(())
        found = self._to.send("POST", "/plans:validate", body, query={"show": show}, seconds=LONG_SECONDS)
        return model_of(ValidationResult, found), iter(
            member_of(found, "tenants", mappings) if found.get("tenants") else ()
        )

    def preview(
        self, plan: PlanSource, *, against_plan: str | None, skip_identical: bool
    ) -> Iterator[TenantPreview | PreviewEnd]:
        lines = self._to.lines(
            "POST", "/plans:preview", _values(plan), againstPlan=against_plan, skipIdentical=skip_identical
        )
        for line in lines:
            yield model_of(PreviewEnd, line) if "digest" in line else model_of(TenantPreview, line)

    def submit(
        self,
        plan: PlanSource,
        progress: Callable[[int], None],
        *,
        preview: str | None,
        skip_identical: bool,
        actor: str,
    ) -> SubmitResult:
        query = {"preview": preview, "skipIdentical": skip_identical}
        body = _values(plan)
        found = model_of(SubmitResult, self._to.send("POST", "/plans", body, query=query, seconds=LONG_SECONDS))
        tenants = body.get("tenants")
        progress(len(tenants) if isinstance(tenants, list) else 0)
        return found


def _values(plan: PlanSource) -> dict[str, Any]:
    if isinstance(plan, str | Path):
        return read_plan_file(plan)
    if isinstance(plan, PlanSpec):
        stages = [{"steps": [step.parameters() for step in stage.steps]} for stage in plan.stages]
        if wrong := json_mistakes({"stages": stages}, ""):
            raise InvalidInput(wrong)
        return plan.model_dump(exclude_unset=True, mode="json")
    if not isinstance(plan, Mapping):
        raise InvalidInput([Problem("", None, "expected a mapping with name, max_concurrency, stages and tenants")])
    if too_deep(plan):
        raise InvalidInput([Problem("", None, f"lists and mappings are nested more than {MAX_DEPTH} levels deep")])
    if wrong := json_mistakes(dict(plan), ""):
        raise InvalidInput(wrong)
    return dict(plan)
