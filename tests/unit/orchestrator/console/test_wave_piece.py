"""The page's row of a wave."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from orchestrator.console.page.plan_pieces import _wave
from orchestrator.control.answers import PlanSummary, WaveStatus
from orchestrator.domain.waves import WaveState


def test_the_end_of_a_soak_is_told_with_its_date() -> None:
    wave = WaveStatus(name="w", state=WaveState.SOAKING, tenants=1, soaks_until="2026-12-01T02:14:05Z")
    plan = PlanSummary(plan_id="p", name="P", status="RUNNING", max_concurrency=1, counts={}, waves=[wave])
    strips = SimpleNamespace(strips=[SimpleNamespace(positions=range(1))])
    shared: Any = SimpleNamespace(live=SimpleNamespace(summary=plan), cells=strips)
    assert "soaks until 2026-12-01 02:14:05 UTC" in _wave(shared, 0)
