"""A short seeded run: 40 tenants, 10 faults, every invariant holds. Longer: ``make chaos-ci`` and ``make chaos``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import ChaosRun, run_chaos

SEED = 20


@pytest.mark.timeout(180)
def test_invariants_hold_under_faults(tmp_path: Path) -> None:
    result = run_chaos(ChaosRun(seed=SEED, max_concurrency=6, pause_seconds=1.5), tmp_path / "run")
    print(f"seed {SEED}: {result}")
    assert result.report.holds, str(result.report)
    assert result.holds, result
    assert len(result.faults) == 10
