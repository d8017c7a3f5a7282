"""What an extra validator is: a function of a plan that yields findings, named by ``changeover.validators``.

    def only_at_night(plan: PlanView) -> Iterator[Finding]:
        if plan.name.startswith("big") and plan.max_concurrency > 10:
            yield error("max_concurrency", plan.max_concurrency, "expected at most 10 for a big plan")

It sees the parts of the plan that are right by themselves, also when others are wrong; it must not change them. It is
called once a plan, so one pass over ``plan.tenants`` is linear. One that raises is reported as an error of the plan:
a check that is broken must not let a plan through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain.config import StageSpec, TenantDeployConfig
from orchestrator.domain.errors import Problem
from orchestrator.domain.wording import shown


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and whether it only warns."""

    problem: Problem
    is_warning: bool


def error(path: str, value: object, message: str) -> Finding:
    """What must be mended before the plan can be submitted; ``path`` like ``tenants[17].variables.region``."""
    return Finding(Problem(path, shown(value), message), is_warning=False)


def warning(path: str, value: object, message: str) -> Finding:
    """What is allowed and probably not meant."""
    return Finding(Problem(path, shown(value), message), is_warning=True)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as a validator sees it. Tenants and stages come with their index in the plan; None: that part is wrong."""

    plan_id: str | None
    name: str | None
    max_concurrency: int | None
    stages: Sequence[tuple[int, StageSpec]]
    tenants: Sequence[tuple[int, TenantDeployConfig]]


PlanValidator = Callable[[PlanView], Iterable[Finding]]
"""What an entry point of ``changeover.validators`` names."""
