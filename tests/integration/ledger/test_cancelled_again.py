"""What was cancelled with its plan, by its breaker or a person, is moved again by one command."""

from __future__ import annotations

import pytest

from orchestrator.control.explain import Explainer
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.domain.errors import InvalidInput
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld

AGAIN = "changeover retry --plan p --cancelled"


def again(world: LedgerWorld, **narrowing: str) -> tuple[bool, str]:
    found = NarrowedRetry(world.operations, world.reader, 2).of_plan(
        "p", Narrowing(cancelled=True, **narrowing), Order("ada")
    )
    return found.accepted, found.message


def offered(world: LedgerWorld) -> list[str]:
    said = Explainer(world.ledger, world.reader, world.settings).plan("p")
    return [command for remark in said.remarks for command in remark.commands]


@pytest.mark.parametrize("by", ["breaker", "person"])
def test_all_of_it_and_nobody_else(world: LedgerWorld, by: str) -> None:
    rules = FleetRules(6, Tolerance(0, strict=False), "cancel")
    world.plan("p", ["a", "b", "c", "d", "e", "f"], rules=rules, max_concurrency=1)
    FailureAnswers(world.ledger, 2).on_plan("exclude", "p", "b", Order("ada", "not today"))
    world.ask("cancel", "p.2")
    world.coordinate()
    if by == "breaker":
        world.break_stage("p.0")
    else:
        world.finish("p.0")
        world.ask("cancel", "p")
    world.coordinate()
    first = "FAILED" if by == "breaker" else "COMPLETED"
    cancelled = ["CANCELLED"] * 2
    assert world.status("p") == "CANCELLED"
    open_ones = [one for one in ("p.3", "p.4", "p.5") if world.status(one) == "CANCELLED"]
    assert AGAIN in offered(world)
    number = len(open_ones)
    assert again(world) == (True, f"{number} of {number} tasks that were cancelled with the plan will be retried")
    world.check()
    assert [world.status(one) for one in ("p.0", "p.1", "p.2", *open_ones)] == [
        first,
        *cancelled,
        *["PENDING"] * number,
    ]
    assert AGAIN not in offered(world)
    assert again(world) == (False, "it has no such task that was cancelled with the plan")
    # What had failed is borne, and all go on.
    if by == "breaker":
        world.ask("resume", "p", Order("ada", accept_failures=True))
    world.coordinate()
    for one in open_ones:
        world.finish(one)
        world.coordinate()
        assert world.status(one) == "COMPLETED"
    world.check()


def test_of_some_tenants_alone_and_never_of_a_cause(world: LedgerWorld) -> None:
    world.plan("p", ["eu-1", "eu-2", "us-1"], max_concurrency=1)
    world.ask("cancel", "p")
    world.coordinate()
    assert again(world, tenants="eu-*") == (True, "2 of 2 tasks that were cancelled with the plan will be retried")
    assert world.status("p.2") == "CANCELLED"
    with pytest.raises(InvalidInput, match="narrows what failed"):
        again(world, cause="Broken")
