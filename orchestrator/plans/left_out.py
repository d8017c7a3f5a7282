"""A checked plan without some of its tenants: waves are chosen anew from those that are left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from orchestrator.domain.config import PlanHeader
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.fleet_config import WaveSpec
from orchestrator.plans.plan import Plan, assemble_plan
from orchestrator.plans.waves import select_waves


def leave_out(plan: Plan, header: PlanHeader, tenant_ids: AbstractSet[str]) -> Plan:
    """The plan of the tenants that are left, of which there is one at least.

    A wave that names only tenants that are left out goes. Raises ``InvalidInput`` for another that takes nobody, by its
    place in the file.
    """
    kept = [tenant for tenant in plan.tenants if tenant.tenant_id not in tenant_ids]
    places: list[int] = []
    if header.waves is not None:
        found = [(place, _without(spec, tenant_ids)) for place, spec in enumerate(header.waves)]
        waves = [(place, wave) for place, wave in found if wave is not None]
        places = [place for place, _ in waves]
        header = header.model_copy(update={"waves": [wave for _, wave in waves] or None})
    pairs = [(tenant.tenant_id, tenant.config) for tenant in kept]
    selection = select_waves(header, pairs, {"plan_id": plan.plan_id, "name": plan.name})
    if selection.problems:
        raise InvalidInput([_of_the_rest(problem, places, len(tenant_ids)) for problem in selection.problems])
    if any(wave.only_waits for wave in plan.rules.waves):
        selection.rules = selection.rules.only_waiting()
    return assemble_plan(header, plan.plan_id, plan.stages, kept, selection)


def _of_the_rest(problem: Problem, places: Sequence[int], number: int) -> Problem:
    path = re.sub(r"^waves\[(\d+)\]", lambda found: f"waves[{places[int(found[1])]}]", problem.path)
    left_out = "1 tenant that is" if number == 1 else f"the {number} tenants that are"
    return Problem(path, problem.value, f"{problem.message} (without {left_out} at the target already)")


def _without(wave: WaveSpec, tenant_ids: AbstractSet[str]) -> WaveSpec | None:
    if wave.tenants is None or wave.tenants.ids is None:
        return wave
    ids = [tenant_id for tenant_id in wave.tenants.ids if tenant_id not in tenant_ids]
    if not ids:
        return None
    return wave.model_copy(update={"tenants": wave.tenants.model_copy(update={"ids": ids})})
