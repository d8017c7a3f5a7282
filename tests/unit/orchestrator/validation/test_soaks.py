"""Which soaks have a tenant to ask, and which only wait."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(("seconds", "is_past"), [(5, True), (59, True), (60, False)])
def test_a_soak_that_a_second_look_would_outlast_is_warned_of(seconds: int, is_past: bool) -> None:
    plan = fleet(4, waves=waves({**count(2), "soak": {"seconds": seconds, "interval_seconds": 30}}, {}))
    warned = [str(one) for one in validate_plan(plan).warnings]
    told = "who is gone at a look is looked at again an interval later, past this"
    assert any("waves[0].soak.seconds" in one and told in one for one in warned) is is_past, warned
