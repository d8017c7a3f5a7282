"""Group limits that are changed while tasks hold and wait, and holders that a hand or a purge has taken away (I16)."""

from __future__ import annotations

import pytest

from orchestrator.coordinator.reconciler import Reconciler
from tests.support.grouped import holders, line, submit, sweep
from tests.support.ledger_world import LedgerWorld


def test_the_reconciler_repairs_holders_from_tasks(hurt: LedgerWorld) -> None:
    hurt.limit_groups({"db": 2})
    submit(hurt, "p", ["a", "b", "c"])
    hurt.serve("p")
    hurt.finish("p.0")
    hurt.client.srem(hurt.keys.of("group", "db"), "p.1")
    hurt.client.sadd(hurt.keys.of("group", "db"), "p.0")
    repair = Reconciler(hurt.ledger, hurt.reader.plan_ids)
    while not repair.step():
        pass
    assert holders(hurt) == {"p.1"}
    assert hurt.serve("p") == ["p.2"]
    hurt.check()


def test_a_holder_whose_record_is_gone_keeps_its_place_from_nobody(hurt: LedgerWorld) -> None:
    hurt.limit_groups({"db": 1})
    submit(hurt, "p", ["a"])
    submit(hurt, "q", ["b"])
    hurt.serve("p")
    hurt.serve("q")
    hurt.client.delete(hurt.keys.of("task", "p.0"))
    sweep(hurt)
    assert hurt.serve("q") == ["q.0"]


def test_a_plan_that_is_taken_out_gives_up_what_it_holds(hurt: LedgerWorld) -> None:
    hurt.limit_groups({"db": 1})
    submit(hurt, "p", ["a", "c"])
    submit(hurt, "q", ["b"])
    hurt.serve("p")
    hurt.serve("q")
    hurt.client.delete(hurt.keys.of("plan", "p"))
    position = 0
    while position >= 0:
        position, _ = hurt.ledger.lose_plan("p", position, 20)
    assert (holders(hurt), line(hurt)) == (set(), ["q.0"])
    assert hurt.serve("q") == ["q.0"]


@pytest.mark.parametrize("is_looked_at", [False, True], ids=["passed by", "looked at again"])
def test_a_group_that_gets_its_limit_while_one_waits_for_another_has_it_in_its_line(
    world: LedgerWorld, is_looked_at: bool
) -> None:
    """It is the first there, whoever came first to that group."""
    world.limit_groups({"other": 1})
    world.plan("p", ["a", "b"], traits={"a": {"groups": ["other"]}, "b": {"groups": ["db", "other"]}})
    world.serve("p")
    world.limit_groups({"other": 1, "db": 1})
    submit(world, "q", ["c", "d"], max_concurrency=2)
    if is_looked_at:
        # Both places are for the one that waits, though another coordinator serves q first.
        world.finish("p.0")
        assert (world.serve("q"), world.serve("p")) == ([], ["p.1"])
    else:
        assert world.serve("q") == ["q.0"]
        world.finish("p.0")
        assert (line(world), line(world, "other")) == (["p.1", "q.1"], [])
        world.check()
        world.finish("q.0")
        assert (world.serve("q"), world.serve("p")) == ([], ["p.1"])
    world.check()
