"""First validator: every part of the plan has the right keys and types. Good parts go on although others are wrong."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from orchestrator.domain.config import PlanHeader, PlanSpec, SourceConfig, StageSpec, StepSpec, TenantDeployConfig
from orchestrator.domain.errors import Problem
from orchestrator.domain.few_mistakes import model_or_problems
from orchestrator.domain.made_up import MADE_UP
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import join, meant_key, written_for
from orchestrator.plans.tenant_config import SOURCE
from orchestrator.validation.findings import Findings
from orchestrator.validation.head import right_head, right_part

MAX_STAGES = 100
MAX_STEPS = 100
M = TypeVar("M", bound=BaseModel)
_FILLED: Final = {"name": "stage", "steps": [{"type": "noop"}]}
_LISTS = ("stages", "tenants")
_MOST_STRANGE: Final = 100
"""Keys that there are not, among which the meant ones are looked for."""
Meant = tuple[Mapping[Any, Any], dict[str, str]]


@dataclass(frozen=True, slots=True)
class PartlyRight:
    """A tenant without what is wrong in it. ``unsure`` names those of its keys, ``unsure_back`` the same of its source:
    what depends on them is not known."""

    index: int
    tenant: TenantDeployConfig
    unsure: frozenset[str]
    unsure_back: frozenset[str]


@dataclass(frozen=True, slots=True)
class PartlyRightStage:
    """A stage without what is wrong in it: a name that is none is ``MADE_UP``, as is a step's type; a step that is
    none is None."""

    index: int
    name: str
    when: str | None
    steps: Sequence[StepSpec | None]
    knows_for_whom: bool
    """Whether it has the ``when`` that was meant."""


@dataclass(slots=True)
class Shape:
    """The parts that are right by themselves, each with its index in the plan.

    ``header`` is the head without what is wrong in it, ``wrong`` names those of its keys: see ``right_head``.
    """

    header: PlanHeader | None = None
    wrong: frozenset[str] = frozenset()
    stages: list[tuple[int, StageSpec]] = field(default_factory=list)
    tenants: list[tuple[int, TenantDeployConfig]] = field(default_factory=list)
    partly: list[PartlyRight] = field(default_factory=list)
    """Tenants that are wrong themselves: a mistake in one key must not hide those in the others."""
    listed: int = 0
    """How many tenants there are, right or wrong."""
    has_each_once: bool = True
    """Whether no two of them have one id."""
    partly_stages: list[PartlyRightStage] = field(default_factory=list)
    """The same of stages."""
    meant: dict[str, str] = field(default_factory=dict)
    """Misspelt keys, by the places that were meant."""

    def said(self, name: str) -> Any:
        """A key of the head, if what is written there is right."""
        return None if self.header is None or name in self.wrong else getattr(self.header, name)


def as_meant(raw: Mapping[Any, Any], model: type[BaseModel], lists: Sequence[str], path: str = "") -> Meant:
    """What is read for an item of this model: lists whose keys are misspelt under their right ones as well, as what is
    in them is checked all the same; and the key of each, by its place, also of what is no list."""
    known = {spelling: name for name, one in model.model_fields.items() for spelling in (name, one.alias or name)}
    given = {known[key] for key in raw if key in known}
    strange = (key for key in raw if isinstance(key, str) and key not in known)
    near = {meant_key(snake_case(key), model): key for key in itertools.islice(strange, _MOST_STRANGE)}
    meant = {name: near[name] for name in lists if name in near and name not in given}
    read = {name: raw[key] for name, key in meant.items() if isinstance(raw[key], list | tuple)}
    return {**raw, **read}, {join(path, name): key for name, key in meant.items()}


def read_shape(
    raw: Mapping[Any, Any], findings: Findings, needs_stages: bool = True, meant: Collection[str] = ()
) -> Shape:
    """The plan's parts as models; what is wrong is reported. ``meant``: lists whose keys are misspelt, which is said
    elsewhere."""
    shape = Shape()
    head = {key: value for key, value in raw.items() if not (isinstance(key, str) and key in _LISTS)}
    shape.header = _checked(PlanHeader, head, "", findings, PlanSpec)
    if shape.header is None:
        shape.header, shape.wrong = right_head(head)
    is_read = "stages" in raw or (needs_stages and not {"stages", "service_names"}.intersection(meant))
    stages = _listed(raw, "stages", findings) if is_read else []
    for index, item in enumerate(stages[:MAX_STAGES]):
        if isinstance(item, Mapping):
            item, misspelt = as_meant(item, StageSpec, ("steps",), f"stages[{index}]")
            shape.meant |= misspelt
        if (stage := _checked(StageSpec, item, f"stages[{index}]", findings)) is not None:
            shape.stages.append((index, stage))
        elif not findings.is_full:
            shape.partly_stages.append(_partly_stage(index, item))
    tenants = _listed(raw, "tenants", findings) if "tenants" in raw or "tenants" not in meant else []
    for index, item in enumerate(tenants):
        if findings.is_overfull:
            break
        if (tenant := _checked(TenantDeployConfig, item, f"tenants[{index}]", findings)) is not None:
            shape.tenants.append((index, tenant))
        elif not findings.is_full and (partly := _partly(index, item)) is not None:
            shape.partly.append(partly)
    _report_twice(raw, "stages", "name", findings)
    shape.has_each_once = _report_twice(raw, "tenants", "tenant_id", findings)
    shape.listed = len(tenants)
    return shape


def _partly(index: int, item: Any) -> PartlyRight | None:
    tenant, wrong = right_part(TenantDeployConfig, item, {"tenant_id": "tenant"})
    if tenant is None:
        return None
    back: frozenset[str] = frozenset()
    if tenant.source_tenant_deploy_config is not None:
        back = right_part(SourceConfig, _named(item, SOURCE), {})[1]
    return PartlyRight(index, tenant, wrong - {SOURCE}, back)


def _partly_stage(index: int, item: Any) -> PartlyRightStage:
    steps = _named(item, "steps")
    listed = steps[:MAX_STEPS] if isinstance(steps, list | tuple) else ()
    made = [_partly_step(one) for one in listed]
    # What can be wrong in the steps is told of each.
    rest = {key: one for key, one in item.items() if one is not steps} if isinstance(item, Mapping) else item
    stage, wrong = right_part(StageSpec, rest, _FILLED)
    if stage is None:
        return PartlyRightStage(index, MADE_UP, None, made, knows_for_whom=False)
    strange = wrong - StageSpec.model_fields.keys()
    knows = "when" not in wrong and (stage.when is not None or all(meant_key(one, StageSpec) for one in strange))
    return PartlyRightStage(index, MADE_UP if "name" in wrong else stage.name, stage.when, made, knows)


def _partly_step(item: Any) -> StepSpec | None:
    if isinstance(item, Mapping) and "type" not in item and (key := written_for("type", item, StepSpec)) is not None:
        item = {("type" if name == key else name): one for name, one in item.items()}
    step, wrong = right_part(StepSpec, item, {"type": "step"})
    return step.model_copy(update={"type": MADE_UP}) if step is not None and "type" in wrong else step


def _listed(raw: Mapping[Any, Any], name: str, findings: Findings) -> list[Any]:
    value = raw.get(name)
    if name not in raw:
        either = name == "stages"
        wanted = "give stages, or service_names of the stage catalogue" if either else "this key is required"
        findings.error(name, None, f"missing; {wanted}")
    elif not isinstance(value, list | tuple):
        findings.error(name, value, f"expected a list of {name}")
    elif not value:
        findings.error(name, None, f"expected at least one of the {name}, the list is empty")
    elif name == "stages" and len(value) > MAX_STAGES:
        findings.error(name, value, f"expected at most {MAX_STAGES} stages")
    return list(value) if isinstance(value, list | tuple) else []


def _checked(
    model: type[M], item: Any, path: str, findings: Findings, spoken_of: type[BaseModel] | None = None
) -> M | None:
    """``spoken_of`` is the model whose keys are known to the plan's author, if not the same."""
    made, problems, more = model_or_problems(model, item, spoken_of, only_counted=findings.is_full)
    findings.errors(Problem(join(path, one.path), one.value, one.message) for one in problems)
    findings.and_more(more)
    return made


def _report_twice(raw: Mapping[Any, Any], name: str, key: str, findings: Findings) -> bool:
    """Two tenants of one id, or two stages of one name, also where something else is wrong with them; whether there are
    none."""
    first: dict[str, int] = {}
    is_once = True
    items = raw.get(name)
    for index, item in enumerate(items if isinstance(items, list | tuple) else ()):
        value = _named(item, key)
        if not isinstance(value, str):
            continue
        if (other := first.setdefault(value, index)) != index:
            findings.error(f"{name}[{index}].{key}", value, f"the same as {name}[{other}].{key}; expected each once")
            is_once = False
    return is_once


def _named(item: Any, key: str) -> Any:
    if isinstance(item, BaseModel):
        return getattr(item, key, None)
    if not isinstance(item, Mapping):
        return None
    if key in item:
        return item[key]
    return next((value for name, value in item.items() if isinstance(name, str) and snake_case(name) == key), None)
