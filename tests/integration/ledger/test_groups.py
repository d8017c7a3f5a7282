"""Groups at the level of the scripts (I16): how many hold one, who comes next, and that nobody is left behind."""

from __future__ import annotations

import pytest

from tests.support.grouped import BOTH, holders, line, of, submit, sweep
from tests.support.ledger_world import LedgerWorld


def test_over_two_plans_never_more_hold_it_than_may(world: LedgerWorld) -> None:
    world.limit_groups({"db": 2})
    submit(world, "p", ["a", "b", "x"], traits=of(["a", "b"]))
    submit(world, "q", ["c", "d"])
    assert world.serve("p") == ["p.0", "p.1", "p.2"]
    assert world.serve("q") == []
    assert (holders(world), line(world)) == ({"p.0", "p.1"}, ["q.0", "q.1"])
    assert world.slots("q") == set()
    assert world.kinds(task_id="q.0").count("TaskWaiting") == 1
    world.check()
    # Nobody looks at them until a place comes free; then at the first.
    world.wakes()
    assert world.serve("q") == []
    world.finish("p.0")
    assert "q" in world.wakes()
    assert world.serve("q") == ["q.0"]
    assert line(world) == ["q.1"]
    world.check()


def test_a_plans_own_limit_holds_beside_the_one_over_all(world: LedgerWorld) -> None:
    world.limit_groups({"db": 3})
    submit(world, "p", ["a", "b", "c"], limit=1)
    submit(world, "q", ["d", "e", "f"])
    assert world.serve("p") == ["p.0"]
    assert world.serve("q") == ["q.0", "q.1"]
    assert holders(world, "p:db") == {"p.0"}
    assert line(world, "p:db") == ["p.1", "p.2"]
    world.check()
    world.finish("p.0")
    assert world.serve("p") == ["p.1"]
    world.check()


def test_a_rollback_passes_its_own_plans_limit_and_keeps_to_the_one_over_all(world: LedgerWorld) -> None:
    world.limit_groups({"db": 2})
    submit(world, "p", ["a", "b"], limit=1)
    world.serve("p")
    world.finish("p.0")
    world.serve("p")
    world.ask("rollback", "p.0")
    assert world.serve("p") == ["p.0"]
    assert (holders(world), holders(world, "p:db")) == ({"p.0", "p.1"}, {"p.1"})
    world.check()
    submit(world, "q", ["c"])
    assert world.serve("q") == []
    world.finish("p.1")
    assert world.serve("q") == ["q.0"]
    world.ask("rollback", "p.1")
    assert world.serve("p") == []
    submit(world, "r", ["d"])
    world.serve("r")
    # Rollbacks stand before moves, whoever came first.
    assert line(world) == ["p.1", "r.0"]
    world.check()
    world.finish("p.0")
    assert world.serve("r") == []
    assert world.serve("p") == ["p.1"]
    world.check()


def test_a_pause_gives_its_place_up_and_a_resume_asks_again(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "p", ["a"])
    submit(world, "q", ["b"])
    world.serve("p")
    world.serve("q")
    world.begin("p.0")
    world.ask("pause", "p.0")
    world.succeed("p.0")
    assert world.serve("q") == ["q.0"]
    world.ask("resume", "p.0")
    assert world.serve("p") == []
    assert world.holder("a") == "p.0"
    world.check()
    world.finish("q.0")
    assert world.serve("p") == ["p.0"]
    world.check()


def test_a_task_that_turns_keeps_its_place(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "p", ["a"], limit=1)
    world.serve("p")
    world.begin("p.0")
    world.ask("rollback", "p.0")
    assert world.succeed("p.0") == "ROLLING_BACK"
    assert (holders(world), holders(world, "p:db")) == ({"p.0"}, {"p.0"})
    world.check()
    assert world.finish("p.0") == "ROLLED_BACK"
    assert (holders(world), holders(world, "p:db")) == (set(), set())


def test_the_worker_goes_on_with_who_comes_next(world: LedgerWorld) -> None:
    """In the end of the task that gives the place up: its own plan's next, but not before one that waits for it."""
    world.limit_groups({"db": 1})
    submit(world, "p", ["a", "b"])
    submit(world, "q", ["c"])
    world.serve("p")
    world.begin("p.0")
    for _ in range(2):
        world.advance("p.0")
    done = world.advance("p.0")
    assert done.task is not None
    assert done.task[0].task_id == "p.1"
    world.check()
    world.serve("q")
    submit(world, "r", ["d"], max_concurrency=1)
    world.serve("r")
    world.finish_turn("p.1")
    assert line(world) == ["q.0", "r.0"]
    assert world.serve("r") == []
    assert world.serve("q") == ["q.0"]
    world.check()


def test_who_cannot_start_stands_back_and_keeps_nobody_waiting(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    for plan_id, tenant in (("p", "a"), ("paused", "b"), ("frozen", "c"), ("held", "d"), ("last", "e")):
        submit(world, plan_id, [tenant])
        world.serve(plan_id)
    world.started("other", ["d"])
    assert line(world) == ["paused.0", "frozen.0", "held.0", "last.0"]
    world.ask("pause", "paused")
    freeze_id = world.freeze("c")
    world.finish("p.0")
    for plan_id in ("paused", "frozen", "held"):
        assert world.serve(plan_id) == []
    assert world.line("d") == ["held.0"]
    assert world.serve("last") == ["last.0"]
    world.check()
    # They come back with the tickets of their first waits.
    world.ask("resume", "paused")
    world.unfreeze(freeze_id)
    world.finish("other.0")
    for plan_id in ("held", "frozen", "paused"):
        world.serve(plan_id)
    assert line(world) == ["paused.0", "frozen.0", "held.0"]
    world.check()


@pytest.mark.parametrize("how", ["cancel", "pause"])
def test_one_that_is_stopped_lets_the_next_by(world: LedgerWorld, how: str) -> None:
    world.limit_groups({"db": 1})
    for plan_id, tenant in (("p", "a"), ("q", "b"), ("r", "c")):
        submit(world, plan_id, [tenant])
        world.serve(plan_id)
    world.finish("p.0")
    world.wakes()
    assert world.ask(how, "q.0").answer == "ACCEPTED"
    assert "r" in world.wakes()
    assert world.serve("r") == ["r.0"]
    world.check()


def test_all_or_nothing(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1, "rack": 1})
    submit(world, "db", ["a", "b"])
    submit(world, "rack", ["c"], traits=of(["c"], {"groups": ["rack"]}))
    submit(world, "both", ["d"], traits=of(["d"], BOTH))
    for plan_id in ("db", "rack", "both"):
        world.serve(plan_id)
    assert (line(world), line(world, "rack")) == (["db.1", "both.0"], [])
    world.finish("rack.0")
    assert world.serve("both") == []
    assert holders(world, "rack") == set()
    world.check()
    world.finish("db.0")
    assert world.serve("db") == ["db.1"]
    world.finish("db.1")
    assert world.serve("both") == ["both.0"]
    assert holders(world) == holders(world, "rack") == {"both.0"}
    world.check()


def test_who_needs_several_is_not_overtaken_for_ever(world: LedgerWorld) -> None:
    """Two streams, each of one group, that are never both idle: a place is kept for the one who waits for both."""
    world.limit_groups({"db": 1, "rack": 1})
    names = [f"t{n:02}" for n in range(80)]
    only = {name: {"groups": ["db" if n % 2 else "rack"]} for n, name in enumerate(names)}
    submit(world, "streams", names, traits=only, max_concurrency=10)
    world.serve("streams")
    submit(world, "both", ["x"], traits=of(["x"], BOTH))
    world.serve("both")
    # It came after all of these; who comes from now on comes after it.
    more = [f"u{n:02}" for n in range(80)]
    submit(world, "later", more, traits={n: {"groups": ["db" if i % 2 else "rack"]} for i, n in enumerate(more)})
    ended = 0
    while world.status("both.0") == "PENDING":
        running = sorted(world.slots("streams") | world.slots("later"))
        assert running, "nobody runs and one still waits"
        world.finish(running[ended % len(running)])
        ended += 1
        for plan_id in ("streams", "later", "both"):
            world.serve(plan_id)
        assert ended < 130
    world.check()


def test_priority_comes_first_and_starves_nobody(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "first", ["a"])
    world.serve("first")
    submit(world, "low", ["b"], priority=-1)
    submit(world, "usual", ["c"])
    submit(world, "high", ["d"], priority=100)
    for plan_id in ("low", "usual", "high"):
        world.serve(plan_id)
    assert line(world) == ["high.0", "usual.0", "low.0"]
    world.check()
    # A point is worth ten thousand tickets: whoever comes after so many waits comes after it.
    world.client.hincrby(world.keys.of("meta"), "ticket", 10_000)
    submit(world, "late", ["e"])
    world.serve("late")
    assert line(world) == ["high.0", "usual.0", "low.0", "late.0"]
    world.client.hincrby(world.keys.of("meta"), "ticket", 1_010_000)
    submit(world, "high-and-late", ["f"], priority=100)
    world.serve("high-and-late")
    assert line(world) == ["high.0", "usual.0", "low.0", "late.0", "high-and-late.0"]
    world.check()


def test_with_one_slot_a_head_without_a_place_blocks_its_plan(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "q", ["z"])
    world.serve("q")
    submit(world, "p", ["a", "b"], traits=of(["a"]), max_concurrency=1)
    assert world.serve("p") == []
    assert world.queue("p") == ["p.0", "p.1"]
    world.check()
    world.finish("q.0")
    assert world.serve("p") == ["p.0"]
    world.check()


def test_with_one_slot_a_resumed_holder_goes_before_and_is_woken_for_its_group(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    world.started("q", ["z"])
    submit(world, "p", ["a", "z"], traits=of(["a"]), max_concurrency=1)
    world.serve("p")
    world.begin("p.0")
    world.ask("pause", "p.0")
    world.succeed("p.0")
    submit(world, "r", ["y"])
    world.serve("r")
    world.ask("rollback", "q.0")
    world.serve("p")
    world.ask("resume", "p.0")
    assert world.serve("p") == []
    world.wakes()
    world.finish("r.0")
    assert "p" in world.wakes()
    assert world.serve("p") == ["p.0"]
    world.check()


def test_a_raised_limit_is_found_by_the_sweep_and_a_lowered_one_lets_run_what_runs(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    submit(world, "p", ["a", "b", "c", "d"])
    assert world.serve("p") == ["p.0"]
    world.limit_groups({"db": 3})
    world.wakes()
    sweep(world)
    assert world.serve("p") == ["p.1", "p.2"]
    world.limit_groups({"db": 1})
    world.finish("p.0")
    world.finish("p.1")
    assert world.serve("p") == []
    world.check()
    world.finish("p.2")
    assert world.serve("p") == ["p.3"]
    world.limit_groups({})
    assert world.reader.groups.uses(["db"])["db"].limit is None
    told = [event.limits for event in world.events() if event.type == "GroupLimitsSet"]
    assert told == [{"db": 1}, {"db": 3}, {"db": 1}, {}]
    world.check()


def test_groups_are_held_also_while_nobody_limits_them(world: LedgerWorld) -> None:
    submit(world, "p", ["a", "b"])
    assert world.serve("p") == ["p.0", "p.1"]
    world.limit_groups({"db": 2})
    submit(world, "q", ["c"])
    assert world.serve("q") == []
    world.check()
