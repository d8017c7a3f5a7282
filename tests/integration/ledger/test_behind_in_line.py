"""Who was woken for a free tenant and finds that it cannot start leaves the line: whoever stood behind it there has its
turn in the same write if it can start, and is nobody's fault if it cannot (I9, I15, I16)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ledger_world import LedgerWorld

GROUPED: dict[str, Any] = {"traits": {"a": {"groups": ["g"]}}}


def woken(world: LedgerWorld, first: dict[str, Any], second: dict[str, Any]) -> None:
    """p1.0, the first of two that wait for a, which has just come free."""
    world.started("h", ["a"], stages=["one"])
    world.started("p1", ["a"], max_concurrency=1, **first)
    world.started("p2", ["a", "b"], max_concurrency=1, **second)
    world.finish("h.0")
    assert world.line("a") == ["p1.0", "p2.0"]


@pytest.mark.parametrize("passes", [False, True])
def test_of_one_that_a_freeze_stops(world: LedgerWorld, passes: bool) -> None:
    woken(world, {}, {})
    if passes:
        world.override("p2")
        world.serve("p2")
    world.freeze("a")
    # Nobody has looked at it since the freeze began.
    world.check()
    assert world.serve("p1") == []
    world.check()
    assert ("p2" in world.client.zrange(world.keys.of("ready"), 0, -1)) is passes


@pytest.mark.parametrize("lacks", [True, False])
def test_of_one_that_lacks_a_place_of_its_group(world: LedgerWorld, lacks: bool) -> None:
    world.limit_groups({"g": 1})
    woken(world, GROUPED, GROUPED if lacks else {})
    world.started("x", ["c"], traits={"c": {"groups": ["g"]}})
    world.check()
    assert world.serve("p1") == []
    world.check()
    assert ("p2" in world.client.zrange(world.keys.of("ready"), 0, -1)) is not lacks
