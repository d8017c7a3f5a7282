"""Last validators: those that other packages bring."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Final

from orchestrator.domain.errors import Problem
from orchestrator.domain.wording import shown
from orchestrator.validation.contract import PlanValidator, PlanView
from orchestrator.validation.findings import Findings
from orchestrator.validation.shape import Shape
from steps.installed import entry_points
from steps.raised import is_for_process
from steps.told import MOST_SAID, exact_text, type_name, words_of

ENTRY_POINT_GROUP: Final = "changeover.validators"

PLAIN: Final = (type(None), bool, int, float, list, tuple, dict)
"""Types of values, beside text, that are told without asking any code of theirs."""


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
            problem = _told(finding.problem)
            if finding.is_warning:
                findings.warn(problem.path, problem.value, problem.message)
            else:
                findings.errors([problem])
    except BaseException as error:
        if is_for_process(error):
            raise
        findings.error("", None, f"validator {point.name} ({point.value}) failed: {words_of(error)}")


def _told(problem: Problem) -> Problem:
    """In bounds, and of plain values: what it brings may be code of its own, and is shown where nobody expects any."""
    value = problem.value
    if isinstance(value, str):
        value = exact_text(value, MOST_SAID)
    elif type(value) not in PLAIN:
        value = f"a {type_name(value)}"
    return Problem(_text(problem.path, "path"), shown(value), _text(problem.message, "message"))


def _text(value: object, what: str) -> str:
    if isinstance(value, str):
        return exact_text(value, MOST_SAID)
    raise TypeError(f"a finding has a {type_name(value)} for its {what}, expected text")
