"""Which soaks have a tenant to ask, and which only wait."""

from __future__ import annotations

from orchestrator.plans.left_out import leave_out
from orchestrator.validation import validate_plan
from tests.unit.orchestrator.validation.test_fleet import count, fleet, waves


def test_a_soak_of_stages_that_ask_for_no_health_only_waits() -> None:
    plan = fleet(4, waves=waves({**count(2), "soak": {"seconds": 600}}, {}))
    asks = validate_plan(plan)
    plan["stages"] = [{"name": "one", "steps": [{"type": "noop"}]}]
    waits = validate_plan(plan)
    told = "no stage has a health-check, so a soak only waits"
    assert [any(told in str(one) for one in found.warnings) for found in (asks, waits)] == [False, True]
    assert waits.header is not None
    without = leave_out(waits.require(), waits.header, {"t3"})
    plans = (asks.require(), waits.require(), without)
    assert [made.rules.waves[0].only_waits for made in plans] == [False, True, True]
