"""A short seeded run of a fleet: waves, gates, breakers, groups, freezes and those who answer them, under faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import ChaosRun, run_chaos
from tests.support.long import long

SEED = 1


@long
@pytest.mark.timeout(400)
def test_invariants_hold_of_a_fleet_under_faults(tmp_path: Path) -> None:
    result = run_chaos(ChaosRun(seed=SEED, tenants=24, faults=8, max_concurrency=8, fleet=True), tmp_path / "run")
    print(f"seed {SEED}: {result}")
    assert result.holds, str(result.report)
    assert len(result.faults) == 8
    assert result.answers["approve"] >= 2
