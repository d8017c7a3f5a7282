"""Who asks for a free tenant and who stands in its line are one order: rollbacks, then by priority and ticket."""

from __future__ import annotations

import pytest

from orchestrator.fleet.rules import FleetRules
from orchestrator.fleet.start_rules import StartRules
from tests.support.ledger_world import LedgerWorld


def free_with_a_waiter(world: LedgerWorld, priority: int) -> None:
    """x is free and low.0's turn to it is to come; high.1, not in the line yet, is the head of a plan with one slot."""
    (holder,) = world.started("first", ["x"])
    world.started("low", ["x"])
    rules = FleetRules(2, pace=StartRules(priority=priority))
    world.started("high", ["y", "x"], max_concurrency=1, rules=rules)
    world.finish(holder)
    world.ledger.take_turns(100)
    world.finish("high.0")


def test_who_would_stand_first_takes_the_tenant(world: LedgerWorld) -> None:
    free_with_a_waiter(world, 5)
    assert world.serve("high") == ["high.1"]
    assert world.line("x") == ["low.0"]
    world.check()
    world.finish("high.1")
    assert world.serve("low") == ["low.0"]
    world.check()


def test_who_would_stand_behind_joins_the_line(world: LedgerWorld) -> None:
    free_with_a_waiter(world, -5)
    assert world.serve("high") == []
    assert world.line("x") == ["low.0", "high.1"]
    assert world.serve("low") == ["low.0"]
    world.check()


@pytest.mark.parametrize(("third", "goes"), [("late", True), ("more", False)])
def test_nobody_is_overtaken_for_ever_by_those_that_never_wait(world: LedgerWorld, third: str, goes: bool) -> None:
    """A point of priority is worth ten thousand tickets, and each that goes before others uses one up. The third has
    the score of low.0 then, and Redis sorts the two by their names."""
    free_with_a_waiter(world, 1)
    world.client.hincrby(world.keys.of("meta"), "ticket", 9_998)
    assert world.serve("high") == ["high.1"]
    world.finish("high.1")
    world.plan(third, ["x"], rules=FleetRules(1, pace=StartRules(priority=1)))
    assert world.serve(third) == ([f"{third}.0"] if goes else [])
    assert world.line("x") == (["low.0"] if goes else ["low.0", f"{third}.0"])
    world.check()
