"""Words of the pages that say when, how long and what follows."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.console.page.asks import PLAN_ASKS, Narrowed
from orchestrator.console.page.words import when
from orchestrator.control.answers import PlanSummary, WaveStatus
from orchestrator.control.live_plan import LiveView


def test_a_moment_of_another_year_says_which() -> None:
    year = datetime.now(UTC).year
    assert when(f"{year + 2}-02-08T02:46:00Z") == f"08 Feb {year + 2} 02:46"


def _plan(status: str, state: str = "OPEN") -> PlanSummary:
    wave = WaveStatus(name="canary", tenants=1, state=state, counts={}, failed=0)
    return PlanSummary(
        plan_id="p",
        name="p",
        status=status,
        max_concurrency=1,
        counts={"FAILED": 2},
        waves=[wave],
        current_wave="canary",
    )


@pytest.mark.parametrize(("status", "told"), [("PAUSED", True), ("RUNNING", False)])
def test_a_retry_of_a_paused_plan_says_that_nothing_moves_before_a_resume(status: str, told: bool) -> None:
    asked = PLAN_ASKS["retry"](_plan(status), Narrowed())
    assert ("before it is resumed" in str(asked)) is told


@pytest.mark.parametrize(("state", "known"), [("OPEN", True), ("GATED", False), ("SOAKING", False)])
def test_nobody_can_tell_how_long_a_person_takes(state: str, known: bool) -> None:
    pace: Any = SimpleNamespace(seconds_for=lambda *_: 180.0)
    live: Any = SimpleNamespace(summary=_plan("RUNNING", state), pace=pace, total=3, done=1, now=datetime.now(UTC))
    assert (LiveView.seconds_left.fget(live) is not None) is known  # type: ignore[attr-defined]
