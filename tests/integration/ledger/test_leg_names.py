"""The names of stages that people are shown in messages are those of the plan that has the id now."""

from __future__ import annotations

from orchestrator.ledger.leg_names import LegNames
from orchestrator.ledger.operations import Order
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.records import Admitted
from tests.support.counting import counted
from tests.support.ledger_world import LedgerWorld


def admitted(world: LedgerWorld, *stages: str) -> list[Admitted]:
    world.plan("p", ["a", "b"], stages=stages, max_concurrency=2, digest=stages[0])
    return world.admit("p").tasks


def test_of_a_plan_that_took_the_id_of_one_that_was_purged(world: LedgerWorld) -> None:
    names = LegNames(world.reader)
    tasks = admitted(world, "old-one", "old-two")
    assert names.of_all(tasks) == [("old-one", "old-two")] * 2
    with counted(world.client) as work:
        names.of_all(tasks)
    # What content it has, asked once for both, and nothing else of its record.
    assert work.commands == 2
    for task in tasks:
        world.finish(task.task_id)
    purges = Purges(world.ledger)
    purges.purge("p", Order("system", "it has ended"))
    list(purges.chunks())
    assert names(admitted(world, "new-one", "new-two")[0]) == ("new-one", "new-two")
