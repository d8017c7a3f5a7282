"""What is wrong with a stage of which nobody knows whether it is for a tenant, as its condition is wrong: told if it is
so for all tenants that it can be for, whichever of them the condition will leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.domain.errors import Problem
from orchestrator.stages.stage_factory import CompiledStage
from orchestrator.validation.findings import Findings

_Key = tuple[str, str, str]


class PerhapsMeant:
    """Of one plan's stages, by the places of those that have them."""

    def __init__(self) -> None:
        self._problems: dict[CompiledStage, dict[_Key, Problem]] = {}
        self._tenants: dict[CompiledStage, list[int | None]] = {}
        self._is_for_some: set[CompiledStage] = set()

    def leave_out(self, stages: Iterable[CompiledStage]) -> None:
        """These are for somebody: what is wrong with them is told there."""
        self._is_for_some.update(stages)

    def is_open(self, stage: CompiledStage) -> bool:
        """Whether something may be wrong for all of its tenants."""
        return stage not in self._is_for_some and self._problems.get(stage) != {}

    def meant(self, stage: CompiledStage, index: int | None, problems: Sequence[Problem]) -> None:
        """It may be for the tenant at ``index``, for whom this is wrong."""
        found = {(one.path, one.message, str(one.value)): one for one in problems}
        known = self._problems.setdefault(stage, found)
        self._problems[stage] = {key: one for key, one in known.items() if key in found}
        self._tenants.setdefault(stage, []).append(index)

    def settle(self, findings: Findings) -> None:
        """Reports what is wrong for all."""
        for stage, problems in self._problems.items():
            if stage not in self._is_for_some:
                for problem in problems.values():
                    for index in self._tenants[stage]:
                        findings.of_tenant(index, problem)
