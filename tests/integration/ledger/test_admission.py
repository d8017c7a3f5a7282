"""Who is admitted next: classes of the queue, passing over, strict order with one slot, lines and tickets, wakes."""

from __future__ import annotations

import pytest

from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Begun
from tests.support.ledger_world import LedgerWorld

FORCE = Order("ada", "because", force=True)


def test_rollbacks_then_resumed_then_moves_then_retries(world: LedgerWorld) -> None:
    ids = world.started("p", ["a", "b", "c", "d", "e", "f"], max_concurrency=3)
    failed, done, paused, last = ids[0], ids[1], ids[2], ids[3:]
    world.break_stage(failed)
    world.ask("retry", failed)
    world.finish(done)
    world.ask("pause", paused)
    world.begin(paused)
    world.ask("resume", paused)
    world.ask("rollback", done)
    assert world.queue("p") == [done, paused, *last, failed]

    assert world.serve("p") == [done, paused, last[0]]
    assert world.kinds(task_id=done)[-1] == "TaskRollingBack"
    assert world.kinds(task_id=paused)[-1] == "TaskResumed"


def test_a_task_whose_tenant_is_held_is_passed_over_and_returns_to_its_place(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.plan("p", ["a", "b", "c"], max_concurrency=1 + 1)
    assert world.serve("p") == ["p.1", "p.2"]
    assert (world.line("a"), world.queue("p"), world.slots("p")) == (["p.0"], [], {"p.1", "p.2"})
    waiting = [event for event in world.events() if event.type == "TaskWaiting"]
    assert [(event.task_id, event.holder) for event in waiting] == [("p.0", holder)]
    world.serve("p")
    assert world.kinds(task_id="p.0").count("TaskWaiting") == 1

    world.finish(holder)
    assert world.queue("p") == ["p.0"]
    world.finish("p.1")
    assert world.serve("p") == ["p.0"]
    assert world.line("a") == []


def test_with_one_slot_a_head_whose_tenant_is_held_blocks_and_takes_no_slot(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.plan("p", ["a", "b"], max_concurrency=1)
    assert world.serve("p") == []
    assert (world.slots("p"), world.queue("p"), world.line("a")) == (set(), ["p.0", "p.1"], ["p.0"])
    world.finish(holder)
    assert world.serve("p") == ["p.0"]


def test_the_lower_ticket_goes_first_when_its_plan_can_start_it(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.started("early", ["a"])
    world.started("late", ["a"])
    assert world.line("a") == ["early.0", "late.0"]
    world.finish(holder)
    assert world.serve("late") == []
    assert world.serve("early") == ["early.0"]


@pytest.mark.parametrize("stopped_by", ["pause", "cancel", "full"])
def test_nothing_is_reserved_for_a_plan_that_cannot_start(world: LedgerWorld, stopped_by: str) -> None:
    (holder,) = world.started("first", ["a"])
    world.started("early", ["a", "b", "c"] if stopped_by == "full" else ["a", "b"], max_concurrency=2)
    world.started("late", ["a"])
    if stopped_by != "full":
        world.ask(stopped_by, "early")
    world.finish(holder)
    assert world.serve("late") == ["late.0"]


def test_a_plan_of_one_slot_is_waited_for_only_when_the_waiter_is_its_head(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    (back,) = world.started("back", ["b"])
    world.started("early", ["b", "a"], max_concurrency=1)
    # b is free first: the waiter of a reaches the line, then a rollback of its own plan steps in front of it.
    world.finish(back)
    world.serve("early")
    world.finish("early.0")
    world.serve("early")
    world.started("late", ["a"])
    assert world.line("a") == ["early.1", "late.0"]
    world.started("keeper", ["b"])
    world.ask("rollback", "early.0")
    world.finish(holder)
    assert world.serve("early") == []
    assert world.serve("late") == ["late.0"]


def test_a_rollback_waits_in_front_of_every_move(world: LedgerWorld) -> None:
    (done,) = world.started("done", ["a"])
    world.finish(done)
    (holder,) = world.started("first", ["a"])
    world.started("move", ["a"])
    assert world.ask("rollback", done).answer == "ACCEPTED"
    world.serve("done")
    assert world.line("a") == [done, "move.0"]
    world.ask("cancel", holder)
    world.begin(holder)
    assert world.serve("move") == []
    assert world.serve("done") == [done]


def test_a_rollback_that_joins_no_line_does_not_yield_to_moves(world: LedgerWorld) -> None:
    (done,) = world.started("done", ["a"])
    world.finish(done)
    (holder,) = world.started("first", ["a"])
    world.started("move", ["a"])
    world.ask("cancel", holder)
    world.begin(holder)
    world.ask("rollback", done)
    assert world.serve("done") == [done]


def test_the_line_of_a_free_tenant_is_woken_by_the_sweep(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.started("early", ["a"])
    world.started("late", ["a"])
    world.finish(holder)
    assert world.serve("late") == []
    world.ask("pause", "early")
    assert world.serve("late") == []
    world.sweeper.sweep()
    assert world.serve("late") == ["late.0"]


RELEASES = ("complete", "fail", "cancel", "deadline", "recoveries", "rolled back", "rollback failed")


@pytest.mark.parametrize("path", RELEASES)
def test_every_release_wakes_the_plan_and_the_tenants_waiters(world: LedgerWorld, path: str) -> None:
    (holder,) = world.started("p", ["a"], task_timeout_seconds=60)
    if path.startswith("roll"):
        world.begin(holder)
        world.ask("rollback", holder)
        world.succeed(holder)
    world.started("waiter", ["a"])
    if path == "cancel":
        world.ask("cancel", holder)
    world.wakes()

    match path:
        case "complete" | "rolled back":
            world.finish(holder)
        case "fail" | "rollback failed":
            world.break_stage(holder)
        case "cancel":
            world.begin(holder)
        case "deadline":
            world.expire("deadlines", holder)
            world.sweeper.sweep()
        case _:
            for _ in range(6):
                world.begin(holder)
                world.expire("leases_running", holder)
                world.ledger.call("sweep_running", 10, 2, 10)

    assert {"p", "waiter"} <= set(world.wakes())
    assert world.serve("waiter") == ["waiter.0"]


def test_a_pause_frees_the_slot_and_keeps_the_tenant(world: LedgerWorld) -> None:
    paused, other = world.started("p", ["a", "b"], max_concurrency=1)
    world.started("waiter", ["a"])
    world.ask("pause", paused)
    world.wakes()
    world.begin(paused)
    assert world.wakes() == ["p"]
    assert world.holder("a") == paused
    assert world.serve("p") == [other]
    world.ask("resume", paused)
    assert world.holder("a") == paused
    assert world.serve("waiter") == []


def test_a_waiter_that_is_cancelled_or_paused_leaves_the_line(world: LedgerWorld) -> None:
    world.started("first", ["a"])
    for plan_id in ("one", "two", "three"):
        world.started(plan_id, ["a"])
    world.ask("cancel", "one.0")
    world.ask("pause", "two.0")
    assert world.line("a") == ["three.0"]


def test_tasks_tell_their_higher_epoch(world: LedgerWorld) -> None:
    (first,) = world.started("first", ["a"])
    world.finish(first)
    (second,) = world.started("second", ["a"])
    assert int(world.task(second)["epoch"]) > int(world.task(first)["epoch"])


def test_two_serial_plans_whose_rollbacks_want_what_the_other_holds_do_not_block_each_other(world: LedgerWorld) -> None:
    for plan_id, tenants in (("p1", ["b", "a"]), ("p2", ["a", "b"])):
        world.plan(plan_id, tenants, max_concurrency=1)
    for task_id in ("p1.0", "p2.0"):
        world.serve(task_id[:2])
        world.finish(task_id)
    for plan_id in ("p1", "p2"):
        assert world.serve(plan_id) == [f"{plan_id}.1"]
        world.ask("pause", plan_id)
        assert world.begin(f"{plan_id}.1") is Begun.PAUSED
    for plan_id in ("p1", "p2"):
        world.ask("rollback", f"{plan_id}.0", FORCE)
    for plan_id in ("p1", "p2"):
        assert world.serve(plan_id) == []
        world.ask("resume", plan_id)

    # Each head waits for a tenant that the other plan's second task holds; that one waits for nobody, and goes first.
    assert [world.serve(plan_id) for plan_id in ("p1", "p2")] == [["p1.1"], ["p2.1"]]
    for task_id in ("p1.1", "p2.1"):
        world.finish(task_id)
    assert [world.serve(plan_id) for plan_id in ("p1", "p2")] == [["p1.0"], ["p2.0"]]


def test_serial_plans_that_hold_what_the_other_rolls_back_do_not_block_each_other(world: LedgerWorld) -> None:
    """The same with rollbacks of both tasks: the one that holds its tenant goes first, though it was asked for last."""
    for plan_id, tenants in (("p1", ["b", "a"]), ("p2", ["a", "b"])):
        world.plan(plan_id, tenants, max_concurrency=1)
    for plan_id in ("p1", "p2"):
        world.serve(plan_id)
        world.finish(f"{plan_id}.0")
    for plan_id in ("p1", "p2"):
        assert world.serve(plan_id) == [f"{plan_id}.1"]
        world.stage(f"{plan_id}.1")
        world.ask("pause", f"{plan_id}.1")
        assert world.begin(f"{plan_id}.1") is Begun.PAUSED
    for place in (0, 1):
        for plan_id in ("p1", "p2"):
            world.ask("rollback", f"{plan_id}.{place}", FORCE)
    assert [world.serve(plan_id) for plan_id in ("p1", "p2")] == [["p1.1"], ["p2.1"]]


def test_a_resumed_task_that_holds_nothing_waits_behind_a_blocked_head(world: LedgerWorld) -> None:
    (holder,) = world.started("first", ["a"])
    world.plan("p", ["a", "b"], max_concurrency=1)
    world.ask("pause", "p.1")
    world.ask("pause", "p.0")
    world.ask("resume", "p.0")
    world.ask("resume", "p.1")
    assert world.serve("p") == []
    world.finish(holder)
    assert world.serve("p") == ["p.0"]


@pytest.mark.parametrize("gives_way", ["cancel", "pause", "withdraw"])
def test_a_blocked_head_that_gives_way_wakes_its_plan(world: LedgerWorld, gives_way: str) -> None:
    if gives_way == "withdraw":
        world.started("p", ["a", "b"], max_concurrency=1)
        world.finish("p.0")
    world.started("first", ["a"])
    if gives_way == "withdraw":
        world.ask("rollback", "p.0", FORCE)
    else:
        world.plan("p", ["a", "b"], max_concurrency=1)
    assert world.serve("p") == []
    assert world.line("a") == ["p.0"]
    world.wakes()

    world.ask("cancel" if gives_way == "withdraw" else gives_way, "p.0")

    assert world.wakes() == ["p"]
    assert world.serve("p") == ["p.1"]


def test_a_waiter_that_leaves_wakes_those_that_stood_back_for_it(world: LedgerWorld) -> None:
    """The tenant is free, and kept for a lower ticket whose plan could start it."""
    (holder,) = world.started("first", ["a"])
    for plan_id in ("early", "late"):
        world.started(plan_id, ["a"])
    world.finish(holder)
    assert world.serve("late") == []
    world.wakes()
    world.ask("cancel", "early.0")
    assert "late" in world.wakes()
    assert world.serve("late") == ["late.0"]


def test_a_turn_for_which_nobody_had_room_is_not_lost(world: LedgerWorld) -> None:
    world.plan("p", ["a"])
    for limit in (0, -3):
        assert world.admit("p", limit).tasks == []
        # It could go on: the checker wants a turn to come for it.
        world.check()
    assert world.ledger.take_turns(1) == ["p"]
