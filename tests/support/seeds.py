"""Random runs of ledger and model under seeds of one's own: ``make test-long`` goes on where ``make test`` ends."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.pair_machine import PairMachine

SEEDS: Final = [int(number) for number in os.environ.get("CHANGEOVER_TEST_SEEDS", "1,2,3,4,5,6").split(",")]


def run_seeded(machine: type[PairMachine], number: int, limits: settings) -> None:
    """The machine's runs of one seed, which a failure names."""
    seeded = type(f"{machine.__name__}Of{number}", (machine,), {})
    run_state_machine_as_test(seed(number)(seeded), settings=settings(limits, derandomize=False, database=None))
