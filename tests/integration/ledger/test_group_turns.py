"""Who lacks another of its groups keeps nobody behind it from this one, however many such there are (I16, I19)."""

from __future__ import annotations

import pytest

from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order, draw_request_id
from tests.support.grouped import BOTH, DB, line, of, submit
from tests.support.ledger_world import LedgerWorld

MANY = [f"t{n:03}" for n in range(120)]
"""More than one script looks at."""


def sweep_to_the_end(world: LedgerWorld) -> int:
    rounds = 0

    def is_stopping() -> bool:
        nonlocal rounds
        rounds += 1
        return rounds > 20

    Sweeper(world.ledger, lambda admitted: None).sweep(is_stopping)
    return rounds


def test_a_long_line_of_those_that_lack_another_group_stops_nobody(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1, "rack": 1, "else": 1})
    submit(world, "db", ["a"])
    submit(world, "rack", ["b"], traits=of(["b"], {"groups": ["rack"]}))
    submit(world, "many", MANY, traits=of(MANY, BOTH), max_concurrency=200)
    submit(world, "last", ["c"])
    submit(world, "else", ["d", "e"], traits=of(["d", "e"], {"groups": ["else"]}))
    for plan_id in ("db", "rack", "many", "last", "else"):
        while world.admit(plan_id).more:
            pass
    assert len(line(world)) == len(MANY) + 1
    # A limit that is raised is found, whatever else there is to look at.
    world.limit_groups({"db": 1, "rack": 1, "else": 2})
    world.finish("db.0")
    assert sweep_to_the_end(world) < 10
    assert (world.serve("last"), world.serve("else")) == (["last.0"], ["else.1"])
    assert (line(world), len(line(world, "rack"))) == ([], len(MANY))
    world.check()
    # None of them has lost its place.
    world.finish("last.0")
    world.finish("rack.0")
    assert world.serve("many") == ["many.0"]
    world.check()


def test_a_sweep_ends_though_many_that_could_start_have_not_had_their_turn(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "p", MANY, max_concurrency=200)
    while world.admit("p").more:
        pass
    world.limit_groups({"db": 200})
    assert sweep_to_the_end(world) < 10
    assert len(line(world)) == len(MANY) - 1


def test_only_the_first_that_is_overtaken_often_has_its_place_kept(world: LedgerWorld) -> None:
    world.limit_groups({"db": 2, "rack": 1})
    submit(world, "db", ["a", "b"])
    submit(world, "rack", ["c"], traits=of(["c"], {"groups": ["rack"]}))
    submit(world, "both", ["d", "e"], traits=of(["d", "e"], BOTH))
    submit(world, "last", ["f"])
    for plan_id in ("db", "rack", "both", "last"):
        world.serve(plan_id)
    for task_id in ("both.0", "both.1"):
        world.client.hset(world.keys.of("task", task_id), "overtaken", 20)
    world.finish("db.0")
    assert world.serve("last") == []
    world.finish("db.1")
    assert world.serve("last") == ["last.0"]
    assert (line(world), line(world, "rack")) == (["both.0"], ["both.0", "both.1"])
    world.check()
    world.finish("rack.0")
    assert world.serve("both") == ["both.0"]
    world.check()


@pytest.mark.parametrize("slots", [1, 3])
def test_a_resumed_task_keeps_its_turn(world: LedgerWorld, slots: int) -> None:
    """It is first in its group's line, and goes on though an earlier wave is moved again, or its plan's only slot has a
    head that waits: whoever comes later does not take the place."""
    world.limit_groups({"db": 1})
    rules = FleetRules(2, waves=(Wave("first", 1), Wave("second", 1)))
    world.plan("p", ["a", "b"], traits={"b": DB}, wave_of=[0, 1], rules=rules, max_concurrency=slots)
    world.serve("p")
    world.break_stage("p.0")
    world.serve("p")
    world.begin("p.1")
    world.ask("pause", "p.1")
    world.succeed("p.1")
    submit(world, "holder", ["c"])
    world.serve("holder")
    if slots == 1:
        world.started("tenant", ["a"])
    world.ask("retry" if slots > 1 else "rollback", "p.0")
    assert world.serve("p") == (["p.0"] if slots > 1 else [])
    world.ask("resume", "p.1")
    world.serve("p")
    submit(world, "later", ["d"])
    world.serve("later")
    assert line(world) == ["p.1", "later.0"]
    world.finish("holder.0")
    assert world.serve("later") == []
    assert world.serve("p") == ["p.1"]
    world.check()


@pytest.mark.parametrize("how", ["cancel", "exclude", "rollback"])
def test_one_of_many_that_are_given_up_together_leaves_the_wait_that_anothers_end_led_it_to(
    world: LedgerWorld, how: str
) -> None:
    world.limit_groups({"db": 1})
    submit(world, "holder", ["x"])
    world.serve("holder")
    submit(world, "p", ["a", "b", "c"])
    world.serve("p")
    freeze_id = world.freeze("b")
    world.limit_groups({"db": 2})
    if how == "exclude":
        FailureAnswers(world.ledger).on_plan("exclude", "p", "*", Order("ada", "so", request_id=draw_request_id()))
    else:
        world.ask(how, "p")
        world.coordinate()
    assert {world.status(f"p.{position}") for position in range(3)} == {"CANCELLED"}
    assert (world.frozen(freeze_id), line(world), world.queue("p")) == ([], [], [])


def test_a_stage_that_fails_leads_the_next_of_its_group_to_the_freeze_that_stops_it(world: LedgerWorld) -> None:
    """Its wait is told between the stage's failure and the task's."""
    world.limit_groups({"db": 1})
    submit(world, "p", ["a", "b"])
    world.serve("p")
    world.freeze("b")
    world.break_stage("p.0")
    kinds = [event.type for event in world.events()]
    assert kinds[kinds.index("TaskStageFailed") :][:3] == ["TaskStageFailed", "TaskWaiting", "TaskFailed"]
    world.check()
