"""For which tenants the ``where`` of a wave holds: evaluated once for all that are alike in what it asks for.

What all waves of a plan may cost is bounded by its tenants, so that a check takes seconds a megabyte of plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.plans.tenant_config import load_config
from orchestrator.templates.condition import compile_condition, condition_holds, fields_read
from orchestrator.templates.variables import template_variables
from steps.expressions.budget import PLAN_WORK_LIMIT, bounded_evaluating
from steps.json_values import canonical_json

MOST_EVALUATIONS: Final = 100_000
EVALUATIONS_A_TENANT: Final = 20
"""Of all waves: the first of these, or that many times the plan's tenants. Each takes some 15 to 30 microseconds."""

WORK_A_TENANT: Final = 4_000
"""The same for the work that they do, in the units of ``steps.expressions.budget``, beside ``PLAN_WORK_LIMIT``."""

Holds = Callable[[int], bool | Problem]


class TooManyEvaluations(Exception):
    """The waves would ask too much of too many tenants that are not alike."""


class Conditions:
    """Of one plan. ``tenants`` are pairs of tenant id and config as stored; positions are those in this list."""

    def __init__(self, tenants: Sequence[tuple[str, str]], plan: Mapping[str, Any]) -> None:
        self._tenants = tenants
        self._plan = plan
        self._left = max(MOST_EVALUATIONS, EVALUATIONS_A_TENANT * len(tenants))
        self._work = max(PLAN_WORK_LIMIT, WORK_A_TENANT * len(tenants))
        self._alike: dict[frozenset[str], Sequence[int]] = {}

    def of(self, expression: str, path: str) -> Holds:
        """Whether it holds for the tenant at a position, or why that cannot be said. The function raises
        ``TooManyEvaluations`` or ``PlanTooCostly``."""
        condition = compile_condition(expression, path)
        fields = fields_read(expression)
        alike = range(len(self._tenants)) if fields is None else self._groups(fields)
        known: dict[int, bool | Problem] = {}

        def holds(position: int) -> bool | Problem:
            found = known.get(alike[position])
            if found is None:
                found = known[alike[position]] = self._evaluated(condition, position)
            return found

        return holds

    def _evaluated(self, condition: Callable[[Mapping[str, Any]], Any], position: int) -> bool | Problem:
        self._spend(1)
        variables = template_variables(load_config(self._tenants[position][1]), self._plan)
        with bounded_evaluating(self._work, 0) as done:
            try:
                return condition_holds(condition, variables)
            except InvalidInput as error:
                return error.problems[0]
            finally:
                self._work -= done.work

    def _groups(self, fields: frozenset[str]) -> Sequence[int]:
        """The number of each tenant's group: the same for all that are alike in these fields."""
        if (found := self._alike.get(fields)) is None:
            self._spend(len(self._tenants))
            numbers: dict[str, int] = {}
            found = self._alike[fields] = [
                numbers.setdefault(_part(config, fields), len(numbers)) for _, config in self._tenants
            ]
        return found

    def _spend(self, evaluations: int) -> None:
        self._left -= evaluations
        if self._left < 0:
            raise TooManyEvaluations


def _part(config: str, fields: frozenset[str]) -> str:
    whole = json.loads(config)
    return canonical_json({name: whole.get(name) for name in sorted(fields)})
