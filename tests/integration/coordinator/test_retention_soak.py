"""The soak of retention at its whole size: 200 plans of 500 tenants, each kept for seconds; Redis rests (I18)."""

from __future__ import annotations

import pytest

from benchmarks import retention
from tests.support.long import long

MOST_GROWTH: float = 1.1
"""Of memory, from when the feed is full: what 160 further plans may add. Each would add 3.4 MB if it stayed."""


@long
@pytest.mark.timeout(3600)
def test_two_hundred_plans_come_and_go_and_memory_is_flat() -> None:
    held = retention.run(plans=200, tenants=500, retention_seconds=2.0)
    assert len(held) == 10
    assert held[-1].memory < MOST_GROWTH * held[1].memory, held
    assert [one.keys for one in held] == [held[0].keys] * 10, held
