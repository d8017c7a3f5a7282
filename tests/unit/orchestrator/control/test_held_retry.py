"""What keeps from starting what was retried, while coordinators still put it back."""

from __future__ import annotations

import pytest

from orchestrator.control.answers import BreakerStatus, Explanation, PlanSummary
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.held_retry import none_starts
from orchestrator.control.target import OperationTarget
from orchestrator.domain.status import PlanState, TaskState

SAID = "breaker tripped: 1 failed, tolerance 0"
TARGET = OperationTarget("plan", "p")


def plan(failed: TaskState) -> PlanSummary:
    return PlanSummary(
        plan_id="p",
        name="p",
        status=PlanState.RUNNING,
        retrying=True,
        max_concurrency=1,
        counts={failed: 1, TaskState.ROLLED_BACK: 30},
        breaker=BreakerStatus(failed=1, could_not_go_back=int(failed == TaskState.ROLLBACK_FAILED), tolerance=0),
    )


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (TaskState.ROLLBACK_FAILED, f"none starts yet: {SAID}; to answer: changeover resume --plan p"),
        (TaskState.FAILED, ""),
    ],
)
def test_what_no_retry_moves_is_told_while_one_is_under_way(failed: TaskState, told: str) -> None:
    """And a retry is not named as an answer to it."""
    commands = ("changeover resume --plan p", "changeover retry --plan p --from-scratch")
    tripped = [remark(Situation.BREAKER_TRIPPED, SAID, *commands)]
    explained = Explanation(target_type="plan", target_id="p", status=PlanState.RUNNING, reasons=[], remarks=tripped)
    assert none_starts(TARGET, lambda _: plan(failed), lambda _: explained) == told
