"""Second validator: the stages, whatever the tenant: known steps, known parameters, templates that compile."""

from __future__ import annotations

from orchestrator.domain.config import StageSpec, StepSpec
from orchestrator.domain.errors import InvalidInput
from orchestrator.plans.plan import StageRecord, stage_record
from orchestrator.stages.stage_factory import CompiledStage, StageFactory
from orchestrator.validation.findings import Findings


def compile_stages(
    stages: list[tuple[int, StageSpec]], factory: StageFactory, findings: Findings
) -> list[CompiledStage]:
    """The stages that can be built; the others are reported."""
    compiled: list[CompiledStage] = []
    for index, stage in stages:
        path = f"stages[{index}]"
        condition = {} if stage.when is None else {"when": stage.when}
        spec = {
            "name": stage.name,
            "steps": [{"type": step.type, **step.parameters()} for step in stage.steps],
        } | condition
        try:
            compiled.append(factory.compile_stage(spec, path))
        except InvalidInput as error:
            findings.errors(error.problems)
            # Undefined names are looked for in what is left: one mistake must not hide the others.
            compiled.append(factory.compile_stage({**spec, "when": None}, path, leave_out_bad=True))
            continue
        if not any(step.step.writes for step in compiled[-1].steps):
            message = (
                "no step of this stage writes: it only verifies or only tells, and a rollback of it changes nothing"
            )
            findings.warn(path, stage.name, message)
    return compiled


def check_steps(steps: list[tuple[str, StepSpec]], factory: StageFactory, findings: Findings) -> None:
    """What is wrong with them, whichever stage they are in."""
    for path, step in steps:
        try:
            factory.compile_step({"type": step.type, **step.parameters()}, path)
        except InvalidInput as error:
            findings.errors(error.problems)


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
