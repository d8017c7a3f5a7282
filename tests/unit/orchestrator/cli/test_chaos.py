"""What a run from the package draws and asks for; the real thing is run by ``make install-check``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.cli.chaos import CLUSTER_FAULTS, ChaosResult, ChaosRun
from orchestrator.cli.chaos.__main__ import main
from orchestrator.cli.chaos.run import chaos_plan, drawn_faults
from orchestrator.cli.chaos.throwaway import Throwaway
from orchestrator.history import Report
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import load_registry


def test_every_fault_comes_before_one_comes_again_and_a_seed_tells_them_again() -> None:
    first = list(drawn_faults(ChaosRun(seed=3, faults=2 * len(CLUSTER_FAULTS))))
    assert sorted(first[: len(CLUSTER_FAULTS)]) == sorted(first[len(CLUSTER_FAULTS) :]) == sorted(CLUSTER_FAULTS)
    assert first == list(drawn_faults(ChaosRun(seed=3, faults=2 * len(CLUSTER_FAULTS))))
    assert set(drawn_faults(ChaosRun(seed=3, faults=5, kinds=("kill-redis",)))) == {"kill-redis"}


def test_its_plan_is_right() -> None:
    result = validate_plan(chaos_plan(3), registry=load_registry(), settings=Settings())
    assert len(result.require().tenants) == 3


def test_no_setting_of_the_callers_reaches_its_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MAX_RETRY", "HEALTH_CHECK__MAX_ATTEMPTS", "REDIS_URL", "NAMESPACE"):
        monkeypatch.setenv(f"CHANGEOVER_{name}", "no such thing")
    settings = Throwaway(tmp_path, 1).settings
    assert (settings.redis_url, settings.namespace, settings.max_retry) == (None, "default", 3)


def test_a_run_holds_only_if_nothing_speaks_against_it() -> None:
    broken = Report()
    broken.add("I1", "two hold it")
    assert ChaosResult(status="COMPLETED").holds
    assert not ChaosResult(status="FAILED").holds
    assert not ChaosResult(status="COMPLETED", report=broken).holds
    assert not ChaosResult(status="COMPLETED", wrong=["t1 has the old config"]).holds


@pytest.mark.parametrize("given", [["--tenants", "0"], ["--faults", "x"], ["--only", "kill-me"]])
def test_what_is_no_run_is_refused(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["chaos", *given])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert given[0] in capsys.readouterr().err
