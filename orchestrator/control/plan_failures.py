"""Failures of a plan by their cause, as an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestrator.control.failure_causes import CauseGroup
from orchestrator.control.live_plan import FAILED, LiveView
from orchestrator.control.page_answers import FailureGroup, FailureSample, PlanFailures

MOST_GROUPS: Final = 100
SAMPLES: Final = 5


def plan_failures(live: LiveView) -> PlanFailures:
    """Those of the plan that is looked at."""
    failed = sum(live.summary.counts.get(state, 0) for state in FAILED)
    return PlanFailures(plan_id=live.summary.plan_id, failed=failed, groups=failure_groups(live.causes))


def failure_groups(causes: Iterable[CauseGroup]) -> list[FailureGroup]:
    """The most frequent causes, each with the newest that failed of it, the newest last."""
    return [_group(cause) for cause in list(causes)[:MOST_GROUPS]]


def _group(group: CauseGroup) -> FailureGroup:
    samples = list(group.tenants.items())[-SAMPLES:]
    return FailureGroup(
        type=group.cause.type,
        stage_name=group.cause.stage or None,
        step_name=group.cause.step or None,
        count=group.count,
        message=group.message,
        samples=[FailureSample(task_id=task_id, tenant_id=tenant_id) for task_id, tenant_id in samples],
    )
