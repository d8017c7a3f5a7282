"""Last validators: those that other packages bring."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Final

from orchestrator.validation.contract import PlanValidator, PlanView
from orchestrator.validation.findings import Findings
from orchestrator.validation.shape import Shape
from steps.raised import is_for_process
from steps.told import words_of

ENTRY_POINT_GROUP: Final = "changeover.validators"


def run_extra_validators(shape: Shape, findings: Findings) -> None:
    """Calls each one, in the order of their names."""
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    if not points:
        return
    view = PlanView(
        plan_id=shape.said("plan_id"),
        name=shape.said("name"),
        max_concurrency=shape.said("max_concurrency"),
        stages=tuple(shape.stages),
        tenants=tuple(shape.tenants),
    )
    for point in points:
        _run(point, view, findings)


def _run(point: EntryPoint, view: PlanView, findings: Findings) -> None:
    try:
        validator: PlanValidator = point.load()
        for finding in validator(view):
            problem = finding.problem
            if finding.is_warning:
                findings.warn(problem.path, problem.value, problem.message)
            else:
                findings.errors([problem])
    except BaseException as error:
        if is_for_process(error):
            raise
        findings.error("", None, f"validator {point.name} ({point.value}) failed: {words_of(error)}")
