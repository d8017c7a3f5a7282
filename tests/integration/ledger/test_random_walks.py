"""Random fleets with everything at once (waves, soaks, gates, breakers, freezes, groups, rates, priorities), and what
many people ask of them in between. The shipped checker judges each step; in between nobody waits who could be admitted;
and once nothing holds them up all plans end. ``CHANGEOVER_TEST_WALKS=1000:1200`` names the walks."""

from __future__ import annotations

import os

import pytest

from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.random_walk import Walk, check_no_wave_passed_by

STEPS = 70
FIRST, AFTER_LAST = (int(number) for number in os.environ.get("CHANGEOVER_TEST_WALKS", "0:12").split(":"))


@long
@pytest.mark.parametrize("is_lazy", [False, True], ids=["prompt", "lazy"])
@pytest.mark.parametrize("number", range(FIRST, AFTER_LAST))
def test_a_random_walk(world: LedgerWorld, number: int, is_lazy: bool) -> None:
    walk = Walk(world, number, is_lazy=is_lazy)
    try:
        for _ in range(STEPS):
            walk.step()
            world.check()
        walk.wind_up()
        world.check()
        check_no_wave_passed_by(world)
    except AssertionError:
        print("\n".join(walk.told))
        raise
