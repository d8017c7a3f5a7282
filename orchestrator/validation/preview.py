"""What each tenant of a checked plan will do, rendered: what the workers will build from the same records.

Nothing is run, and no secret is in it: what a worker would resolve at use stands there as a reference, and values under
a key that names a secret are masked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.plans.plan import Plan
from orchestrator.plans.tenant_config import SOURCE, load_config
from orchestrator.secrets.folder import SecretFolder
from orchestrator.secrets.masking import mask_all_of, masked_config
from orchestrator.secrets.source import own_source
from orchestrator.settings.installed_steps import installed_steps
from orchestrator.settings.model import Settings
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.package_code import package_code
from orchestrator.stages.stage_factory import CompiledStage, Registry, StageFactory
from orchestrator.templates.variables import template_variables


def preview_plan(plan: Plan, settings: Settings, registry: Registry | None = None) -> Iterator[dict[str, Any]]:
    """A tenant at a time: ``{tenantId, stages: [{name, skipped, when?, steps: [{type, ...}]}]}``."""
    mask_all_of(own_source(SecretFolder(settings.secrets_dir)))
    factory = StageFactory(registry or installed_steps(), settings)
    specs = [json.loads(stage.spec) for stage in plan.stages]
    stages = [factory.compile_stage(spec, f"stages[{index}]") for index, spec in enumerate(specs)]
    reference = {"plan_id": plan.plan_id, "name": plan.name}
    for tenant in plan.tenants:
        config = load_config(tenant.config) | {SOURCE: None}
        found = [_stage(stage, spec, config, reference) for stage, spec in zip(stages, specs, strict=True)]
        yield {"tenantId": tenant.tenant_id, "stages": found}


def preview_lines(tenant: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield tenant["tenantId"]
    for stage in tenant["stages"]:
        marks = (f"  skipped: not {stage['when']}" if stage["skipped"] else "") + (
            "  irreversible: a rollback stops before it" if stage.get("irreversible") else ""
        )
        yield f"  {stage['name']}{marks}"
        for step in stage["steps"]:
            parameters = {name: value for name, value in step.items() if name != "type"}
            yield f"    {step['type']}  {json.dumps(parameters, ensure_ascii=False)}"


def _stage(
    stage: CompiledStage, spec: dict[str, Any], config: dict[str, Any], reference: dict[str, Any]
) -> dict[str, Any]:
    condition = {"when": spec["when"]} if "when" in spec else {}
    if spec.get("irreversible"):
        condition["irreversible"] = True
    if not stage.takes_part(config, reference):
        return {"name": stage.name, "skipped": True, **condition, "steps": []}
    built = stage.build(config, template_variables(config, reference))
    steps = [_step(step, compiled.path) for step, compiled in zip(built, stage.steps, strict=True)]
    return {"name": stage.name, "skipped": False, **condition, "steps": steps}


def _step(step: BuiltStep, path: str) -> dict[str, Any]:
    # A value of a package's own type says itself what is shown of it.
    with package_code(step.name, path):
        shown = masked_config(step.parameters)
    return {"type": step.name, **shown}
