"""Second validator: the stages, whatever the tenant: known steps, known parameters, templates that compile."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.config import StageSpec, StepSpec
from orchestrator.plans.plan import StageRecord, stage_record
from orchestrator.stages.stage_factory import CompiledStage, StageFactory
from orchestrator.validation.findings import Findings
from orchestrator.validation.shape import PartlyRightStage


def compile_stages(
    stages: list[tuple[int, StageSpec]], partly: list[PartlyRightStage], factory: StageFactory, findings: Findings
) -> list[CompiledStage]:
    """All of them, also what is right of the others; what is wrong is reported."""
    compiled: list[CompiledStage] = []
    for index, stage in stages:
        path = f"stages[{index}]"
        compiled.append(_compiled(stage.name, stage.when, stage.steps, path, factory))
        findings.errors(compiled[-1].problems)
        if not compiled[-1].problems and not any(step.step.writes for step in compiled[-1].steps):
            message = (
                "no step of this stage writes: it only verifies or only tells, and a rollback of it changes nothing"
            )
            findings.warn(path, stage.name, message)
    for one in partly:
        compiled.append(_compiled(one.name, one.when, one.steps, f"stages[{one.index}]", factory))
        compiled[-1].knows_for_whom &= one.knows_for_whom
        findings.errors(compiled[-1].problems)
    return compiled


def _compiled(
    name: str, when: str | None, steps: Sequence[StepSpec | None], path: str, factory: StageFactory
) -> CompiledStage:
    specs = [step and {"type": step.type, **step.parameters()} for step in steps]
    return CompiledStage({"name": name, "steps": specs} | ({} if when is None else {"when": when}), path, factory)


def stage_records(stages: list[tuple[int, StageSpec]], findings: Findings) -> list[StageRecord]:
    """The stages as they are stored; one that cannot be is reported, unless its steps have said so already."""
    records: list[StageRecord] = []
    for index, stage in stages:
        try:
            record = stage_record(stage)
            record.spec.encode()
        except (ValueError, TypeError):
            if not findings.has_error_under(f"stages[{index}]"):
                message = "holds a value that JSON cannot: invalid Unicode or a number not finite"
                findings.error(f"stages[{index}]", None, message)
            continue
        records.append(record)
    return records
