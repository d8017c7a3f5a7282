"""Who gave a task up is a value of its own in its event: a person, a rule that the plan declares, Changeover itself."""

from __future__ import annotations

import pytest

from orchestrator.control.target import order_of
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.events import EVENT, TaskCancelled
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld


def told(world: LedgerWorld) -> list[tuple[str, str, str | None]]:
    cancelled = [event.cancelled_by for event in world.events() if isinstance(event, TaskCancelled)]
    return [(by.kind, by.actor, by.reason) for by in cancelled]


def test_a_person_whatever_the_name_begins_with(world: LedgerWorld) -> None:
    world.plan("p", ["a"])
    world.ask("cancel", "p.0", Order("policy-bot", "lunch"))
    assert told(world) == [("manual", "policy-bot", None)]


def test_a_rule_of_the_plan(world: LedgerWorld) -> None:
    rules = FleetRules(2, Tolerance(0, strict=False), "cancel")
    first, *_ = world.started("p", ["a", "b", "c"], rules=rules, max_concurrency=1)
    world.break_stage(first)
    world.operations.cancel_chunk("p", 10)
    assert told(world) == [("policy", "policy", None)] * 2


def test_changeover_itself_and_why(world: LedgerWorld) -> None:
    (mine,) = world.started("mine", ["a"])
    world.break_stage(mine)
    (theirs,) = world.started("theirs", ["a"])
    world.ask("retry", mine)
    world.serve("mine")
    world.finish(theirs)
    world.serve("mine")
    assert told(world) == [("system", "system", f"the tenant has been moved since by {theirs}")]


@pytest.mark.parametrize("name", ["system", "policy", "system: x"])
def test_nobody_else_acts_under_its_names(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"actor: only Changeover itself acts under that name"):
        order_of(name, "", None)


@pytest.mark.parametrize(
    ("stored", "kind", "actor", "reason"),
    [("ada", "manual", "ada", None), ("policy", "policy", "policy", None), ("system: why", "system", "system", "why")],
)
def test_events_of_before_are_read(stored: str, kind: str, actor: str, reason: str | None) -> None:
    event = {"type": "TaskCancelled", "sequenceId": 1, "planSequenceId": 1, "planId": "p", "taskId": "p.0"}
    read = EVENT.validate_python(event | {"tenantId": "a", "occurredAt": "2026-01-01T00:00:00Z", "cancelledBy": stored})
    assert isinstance(read, TaskCancelled)
    assert (read.cancelled_by.kind, read.cancelled_by.actor, read.cancelled_by.reason) == (kind, actor, reason)
