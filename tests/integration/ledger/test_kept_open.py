"""A plan whose tasks have all ended, which only its last wave keeps open, is given up in the call."""

from __future__ import annotations

import pytest

from orchestrator.fleet.rules import FleetRules, Wave
from tests.support.ledger_world import LedgerWorld
from tests.support.pair import Pair


@pytest.mark.parametrize("first", ["", "pause"])
@pytest.mark.parametrize("waits", [{"gate": "manual"}, {"soak_seconds": 600.0}], ids=["gate", "soak"])
def test_a_plan_that_only_waits_for_its_last_wave_is_cancelled_in_the_call(
    world: LedgerWorld, first: str, waits: dict[str, object]
) -> None:
    pair = Pair(world)
    waves = (Wave("all", 2, **waits),)  # type: ignore[arg-type]
    pair.submit("p", ["a", "b"], rules=FleetRules(2, None, "pause", waves), wave_of=[0, 0])
    pair.serve("p")
    for task_id in ("p.0", "p.1"):
        pair.finish(task_id)
    # It is right as it is: nothing is repaired, however often the reconciler looks.
    assert [world.ledger.call("reconcile", "p", 0, 100)[2] for _ in range(2)] == [[], []]
    if first:
        pair.ask(first, "p")
    reply = pair.ask("cancel", "p")
    assert (reply.status, world.status("p")) == ("CANCELLED", "CANCELLED")
    assert world.kinds()[-2:] == ["OperationRequested", "PlanCancelled"]
    world.check()
    pair.serve("p")
