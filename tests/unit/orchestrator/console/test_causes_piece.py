"""The page's list of causes when none is left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.console.page.plan_pieces import _causes
from orchestrator.control.answers import BreakerStatus, PlanSummary
from orchestrator.domain.roles import Role

BACK = "gone back, or do. Why: changeover explain --plan p"


@pytest.mark.parametrize(
    ("failed", "counts", "said"),
    [
        (None, {"COMPLETED": 2}, "Nothing has failed."),
        (0, {}, "Nothing has failed."),
        (1, {}, "has gone back. Why: changeover explain --plan p"),
        (None, {"ROLLED_BACK": 2, "COMPLETED": 1}, f"Nothing is failed now: 2 tenants have {BACK}"),
        (None, {"ROLLED_BACK": 1, "ROLLING_BACK": 1}, f"2 tenants have {BACK}"),
    ],
)
def test_it_never_says_that_nothing_failed_beside_what_went_back(
    failed: int | None, counts: dict[str, int], said: str
) -> None:
    """Its policy may have taken it back one by one, without any breaker."""
    breaker = None
    if failed is not None:
        breaker = BreakerStatus(failed=failed, tolerance=0, mode="soft", on_breach="rollback_plan", tripped=None)
    plan = PlanSummary(plan_id="p", name="P", status="ROLLED_BACK", max_concurrency=1, counts=counts, breaker=breaker)
    shared: Any = SimpleNamespace(live=SimpleNamespace(summary=plan, causes=[]))
    assert said in _causes(shared, Role.VIEWER)
