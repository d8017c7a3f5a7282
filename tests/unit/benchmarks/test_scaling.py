"""The arithmetic of docs/scaling.md agrees with what happens when tenants queue for slots, workers and Redis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scaling import Costs, Deployment, Load, reckon, simulate

SLOW = Costs(worker_stage_ms=25.0, redis_stage_ms=26.0, worker_poll_ms=100.0, redis_poll_ms=30.0)
"""Servers a hundred times slower: a hundredth of the tenants keep them as busy."""


@pytest.mark.parametrize(
    ("load", "at", "bound_by"),
    [
        (Load(1_000), Deployment(1, 8, 20), "slots"),
        (Load(2_000), Deployment(1, 16, 100), "Redis"),
        (Load(2_000), Deployment(1, 1, 200), "workers"),
        (Load(4_000), Deployment(4, 16, 100), "Redis"),
        (Load(1_000, polls_a_stage=0.0), Deployment(1, 4, 50), "Redis"),
        (Load(1_000, stages=3, polls_a_stage=4.0, interval_seconds=1.0), Deployment(1, 1, 50), "workers"),
        (Load(1), Deployment(1, 1, 1), "slots"),
    ],
)
def test_the_simulation_confirms_the_arithmetic(load: Load, at: Deployment, bound_by: str) -> None:
    answer = reckon(load, at, SLOW)
    assert answer.bound_by == bound_by
    assert 0.85 < simulate(load, at, SLOW) / answer.seconds < 1.15


def test_nothing_is_busier_than_it_can_be() -> None:
    for slots in (10, 100, 1_000, 10_000):
        for workers in (1, 4, 16):
            answer = reckon(Load(100_000), Deployment(1, workers, slots))
            assert answer.redis_busy <= Costs().redis_share + 1e-9
            assert answer.worker_busy <= 1 + 1e-9


def test_namespaces_share_the_work() -> None:
    one = reckon(Load(1_000_000), Deployment(1, 16, 10_000))
    four = reckon(Load(1_000_000), Deployment(4, 16, 10_000))
    assert one.seconds / four.seconds == pytest.approx(4, rel=0.05)
    assert one.redis_mib / four.redis_mib == pytest.approx(4, rel=0.01)


def test_dearer_polls_take_longer() -> None:
    at = Deployment(1, 2, 10_000)
    dear = replace(Costs(), worker_poll_ms=10.0)
    assert reckon(Load(10_000), at, dear).seconds > 3 * reckon(Load(10_000), at).seconds
