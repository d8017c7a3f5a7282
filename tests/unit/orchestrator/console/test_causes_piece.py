"""The page's list of causes when none is left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.console.page.plan_pieces import _causes
from orchestrator.control.answers import BreakerStatus, PlanSummary
from orchestrator.domain.roles import Role


@pytest.mark.parametrize(
    ("failed", "said"), [(0, "Nothing has failed."), (1, "has gone back. Why: changeover explain --plan p")]
)
def test_it_never_says_that_nothing_failed_beside_a_count_of_failures(failed: int, said: str) -> None:
    breaker = BreakerStatus(failed=failed, tolerance=0, mode="soft", on_breach="rollback_plan", tripped=None)
    plan = PlanSummary(plan_id="p", name="P", status="ROLLED_BACK", max_concurrency=1, counts={}, breaker=breaker)
    shared: Any = SimpleNamespace(live=SimpleNamespace(summary=plan, causes=[]))
    assert said in _causes(shared, Role.VIEWER)
