"""Which tenant goes in which wave: in plan order, each wave from what the earlier ones have left."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.config import PlanHeader
from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.fleet_config import WaveSpec, WaveTenants, moment_text, percent_of
from orchestrator.domain.naming import unknown
from orchestrator.fleet.rules import FleetRules, tolerance_of, wave_of
from orchestrator.fleet.start_rules import start_rules_of
from orchestrator.plans.wave_conditions import Conditions, TooManyEvaluations
from orchestrator.templates.condition import compile_condition
from steps.expressions.budget import PlanTooCostly

FEW = 3
MOST_IDS = 20
"""Ids of a wave that it cannot take and that are told; the rest are counted."""
MOST_GROUPS = 50
"""Limits of unknown groups that are told; the rest are counted."""

_NOBODY = "the plan has no such tenant"
_WHOM = re.compile(r"waves\[\d+\]\.tenants")
"""Where a mistake leaves open whom the waves take; all others are no obstacle to saying it."""


@dataclass(slots=True)
class Selection:
    """``wave_of`` is the index of each tenant's wave, -1 for none; it is empty when the plan has no waves."""

    rules: FleetRules
    wave_of: Sequence[int] = ()
    problems: list[Problem] = field(default_factory=list)


def select_waves(header: PlanHeader, tenants: Sequence[tuple[str, str]], plan: Mapping[str, Any]) -> Selection:
    """``tenants`` are pairs of tenant id and config as stored, ``plan`` is what expressions see of the plan."""
    total = len(tenants)
    mode = (header.failure_tolerance and header.failure_tolerance.mode) or "soft"
    tolerance = tolerance_of(header.failure_tolerance, total)
    pace = start_rules_of(header)
    problems = [*static_problems(header), *unknown_groups(header, tenants)]
    if header.waves is None or any(_WHOM.match(problem.path) for problem in problems):
        problems += unknown_ids(header, tenants)
        return Selection(FleetRules(total, tolerance, header.on_breach, pace=pace), problems=problems)
    choice = _Choice(tenants, plan)
    taken_by = [-1] * total
    waves = []
    wrong: list[Problem] = []
    for index, spec in enumerate(header.waves):
        try:
            found = choice.take(f"waves[{index}]", spec)
        except (PlanTooCostly, TooManyEvaluations):
            wrong.append(Problem("waves", None, _TOO_COSTLY))
            break
        wrong += found.problems
        for position in found.taken:
            taken_by[position] = index
        waves.append(wave_of(spec, len(found.taken), mode))
    if choice.left and not wrong:
        wrong.append(_in_no_wave([tenants[position][0] for position in choice.left]))
    return Selection(FleetRules(total, tolerance, header.on_breach, tuple(waves), pace), taken_by, problems + wrong)


_TOO_COSTLY = (
    "to see for which tenants the `where` of these waves holds would take too long: let it ask for labels, "
    "which many tenants share, or for less, or make them fewer"
)


def unknown_groups(header: PlanHeader, tenants: Sequence[tuple[str, str]]) -> list[Problem]:
    """A limit of a group that no tenant is of is a slip of the pen that would limit nothing."""
    if not header.group_limits:
        return []
    known = {group for _, config in tenants for group in json.loads(config).get("groups", ())}
    wrong = [name for name in header.group_limits if name not in known]
    problems = [
        Problem(f"group_limits.{cut_text(name)}", name, unknown("group", name, known)) for name in wrong[:MOST_GROUPS]
    ]
    if (more := len(wrong) - MOST_GROUPS) > 0:
        problems.append(Problem("group_limits", None, f"and {more} more groups that no tenant is of"))
    return problems


def unknown_ids(header: PlanHeader, tenants: Sequence[tuple[str, str]]) -> list[Problem]:
    """Ids in the waves that no tenant has, whomever the waves take."""
    known = {tenant_id for tenant_id, _ in tenants}
    problems: list[Problem] = []
    for index, wave in enumerate(header.waves or ()):
        ids = wave.tenants.ids if wave.tenants is not None else None
        path = f"waves[{index}].tenants.ids"
        wrong = [(place, one) for place, one in enumerate(ids or ()) if one not in known]
        problems += [Problem(f"{path}[{place}]", one, _NOBODY) for place, one in wrong[:MOST_IDS]]
        if (more := len(wrong) - MOST_IDS) > 0:
            problems.append(_more_ids(path, more))
    return problems


def static_problems(header: PlanHeader) -> list[Problem]:
    """What is wrong with the waves and times, whatever the tenants are."""
    waves = header.waves or []
    problems = _late(header)
    problems += [
        Problem(f"waves[{index}].tenants", None, "missing; only the last wave may leave it out")
        for index, wave in enumerate(waves[:-1])
        if wave.tenants is None
    ]
    first: dict[str, int] = {}
    for index, wave in enumerate(waves):
        if (other := first.setdefault(wave.name, index)) != index:
            message = f"the same as waves[{other}].name; expected each once"
            problems.append(Problem(f"waves[{index}].name", wave.name, message))
        if wave.tenants is not None and wave.tenants.where is not None:
            problems += _uncompiled(wave.tenants.where, f"waves[{index}].tenants.where")
    return problems


def _late(header: PlanHeader) -> list[Problem]:
    opens, closes = header.not_before, header.not_after
    if opens is None or closes is None or opens < closes:
        return []
    return [Problem("not_after", moment_text(closes), f"expected a time after not_before ({moment_text(opens)})")]


def _uncompiled(expression: str, path: str) -> list[Problem]:
    try:
        compile_condition(expression, path)
    except InvalidInput as error:
        return error.problems
    return []


@dataclass(slots=True)
class _Found:
    taken: Sequence[int] = ()
    problems: list[Problem] = field(default_factory=list)


class _Choice:
    """The tenants that no wave has taken yet, as positions in the plan."""

    def __init__(self, tenants: Sequence[tuple[str, str]], plan: Mapping[str, Any]) -> None:
        self._tenants = tenants
        self._at = {tenant_id: position for position, (tenant_id, _) in enumerate(tenants)}
        self._conditions = Conditions(tenants, plan)
        self.left: Sequence[int] = range(len(tenants))

    def take(self, path: str, spec: WaveSpec) -> _Found:
        found = _Found(self.left) if spec.tenants is None else self._chosen(spec.tenants, f"{path}.tenants")
        if not found.taken and not found.problems:
            found.problems.append(Problem(path, spec.name, f"it takes nobody: {self._why_nobody()}"))
        taken = set(found.taken)
        self.left = [position for position in self.left if position not in taken]
        return found

    def _why_nobody(self) -> str:
        is_first = len(self.left) == len(self._tenants)
        return "no tenant of the plan is such" if is_first else "earlier waves have left no such tenant"

    def _chosen(self, wanted: WaveTenants, path: str) -> _Found:
        if wanted.count is not None:
            return _Found(self.left[: wanted.count])
        if wanted.percent is not None:
            return _Found(self.left[: math.ceil(percent_of(len(self._tenants), wanted.percent))])
        if wanted.ids is not None:
            return self._named(wanted.ids, path)
        return self._where(wanted.where or "", path)

    def _named(self, ids: Sequence[str], path: str) -> _Found:
        left = set(self.left)
        taken: dict[int, int] = {}
        problems: list[Problem] = []
        more = 0
        for place, tenant_id in enumerate(ids):
            position = self._at.get(tenant_id, -1)
            if position in left:
                left.discard(position)
                taken[position] = place
            elif len(problems) < MOST_IDS:
                said = _NOBODY if position < 0 else "an earlier wave has taken it"
                if position in taken:
                    said = f"the same as ids[{taken[position]}]; expected each once"
                problems.append(Problem(f"{path}.ids[{place}]", tenant_id, said))
            else:
                more += 1
        if more:
            problems.append(_more_ids(f"{path}.ids", more))
        return _Found(sorted(taken), problems)

    def _where(self, expression: str, path: str) -> _Found:
        holds = self._conditions.of(expression, f"{path}.where")
        taken: list[int] = []
        first: Problem | None = None
        wrong = 0
        for position in self.left:
            found = holds(position)
            if found is True:
                taken.append(position)
            elif found is not False:
                wrong += 1
                message = f"{found.message}, for tenant {self._tenants[position][0]}"
                first = first or Problem(found.path, found.value, message)
        if first is None:
            return _Found(taken)
        more = f" and {wrong - 1} more" if wrong > 1 else ""
        return _Found(taken, [Problem(first.path, first.value, first.message + more)])


def _more_ids(path: str, more: int) -> Problem:
    return Problem(path, None, f"and {more} more that it cannot take")


def _in_no_wave(left: Sequence[str]) -> Problem:
    few = ", ".join(left[:FEW]) + (", ..." if len(left) > FEW else "")
    who = "1 tenant is" if len(left) == 1 else f"{len(left)} tenants are"
    return Problem("waves", None, f"{who} in no wave ({few}); a last wave without tenants takes what is left")
