"""What is counted as done of a plan: without a ledger."""

from __future__ import annotations

import pytest

from orchestrator.control.answers import PlanSummary
from orchestrator.control.live_plan import done_of

COUNTS = {"ROLLED_BACK": 4, "CANCELLED": 1, "ROLLBACK_FAILED": 1, "COMPLETED": 2}


@pytest.mark.parametrize(
    ("status", "done"),
    [("RUNNING", 8), ("COMPLETED", 8), ("FAILED", 8), ("ROLLING_BACK", 5), ("ROLLED_BACK", 5), ("ROLLBACK_FAILED", 5)],
)
def test_what_a_rollback_left_has_not_gone_back(status: str, done: int) -> None:
    assert done_of(PlanSummary(plan_id="p", name="p", status=status, max_concurrency=1, counts=COUNTS)) == done
