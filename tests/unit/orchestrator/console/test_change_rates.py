"""How often one actor may change something, by a clock of the test's own."""

from __future__ import annotations

import pytest

from orchestrator.console.access.change_rates import MOST_ACTORS, ChangeRate
from orchestrator.console.problems import Refusal


def test_so_many_are_free_and_then_one_after_another() -> None:
    now = [0.0]
    rate = ChangeRate("changes", 3, 0.5, lambda: now[0])
    for _ in range(3):
        rate.take("ada")
    with pytest.raises(Refusal) as told:
        rate.take("ada")
    assert (told.value.status_code, told.value.headers) == (429, {"Retry-After": "2"})
    rate.take("ben")
    now[0] = 1.9
    with pytest.raises(Refusal):
        rate.take("ada")
    now[0] = 2.0
    rate.take("ada")
    with pytest.raises(Refusal):
        rate.take("ada")
    now[0] = 1000.0
    for _ in range(3):
        rate.take("ada")
    with pytest.raises(Refusal):
        rate.take("ada")


def test_who_is_remembered_has_a_bound() -> None:
    rate = ChangeRate("changes", 1, 0.001)
    for number in range(MOST_ACTORS + 10):
        rate.take(f"actor-{number}")
    assert len(rate._free) == MOST_ACTORS
