"""Nobody waits for a large plan, and what merely waits costs nothing (I18, I19): counted, never timed."""

from __future__ import annotations

from orchestrator.coordinator.coordinator import ADMIT_LIMIT
from tests.support.coordinating import Coordinating
from tests.support.counting import counted
from tests.support.ledger_world import LedgerWorld


def large(world: LedgerWorld, plan_id: str, count: int) -> None:
    """A plan written in chunks, as a submit does."""
    world.plan(plan_id, [f"{plan_id}-{i}" for i in range(count)], max_concurrency=count)


def test_a_small_plan_is_admitted_beside_a_large_ones_free_slots(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    large(world, "large", 1000)
    coordinating.round()
    assert len(world.slots("large")) == ADMIT_LIMIT
    world.plan("small", ["a", "b"])
    before = len(world.published)
    coordinating.round()
    assert len(world.slots("small")) == 2
    # One turn of the large one at most was before it, in admission and in publishing.
    order = [task.task_id for task in world.published[before:]]
    assert order.index("small.1") <= ADMIT_LIMIT + 1
    coordinating.settle()
    assert len(world.slots("large")) == 1000


def test_large_plans_take_turns(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    for plan_id in ("one", "two", "three"):
        large(world, plan_id, 200)
    for turn in range(1, 5):
        coordinating.round()
        assert {len(world.slots(plan_id)) for plan_id in ("one", "two", "three")} == {turn * ADMIT_LIMIT}


def test_two_coordinators_share_the_turns(world: LedgerWorld) -> None:
    for i in range(30):
        world.plan(f"p{i}", [f"t{i}"])
    first, second = world.ledger.take_turns(20), world.ledger.take_turns(20)
    assert len(first) == 20
    assert len(second) == 10
    assert not set(first) & set(second)


def test_a_turn_that_died_with_its_coordinator_comes_again(world: LedgerWorld) -> None:
    world.plan("p", ["a"])
    assert world.ledger.take_turns(10) == ["p"]
    assert world.ledger.take_turns(10) == []
    ready = world.keys.of("ready")
    due = world.client.zscore(ready, "p")
    assert isinstance(due, float)
    assert due > world.reader.now_ms()
    world.client.zadd(ready, {"p": 1})
    coordinating = Coordinating(world)
    coordinating.settle()
    assert world.status("p.0") == "RUNNING"


def idle_plans(world: LedgerWorld, count: int) -> Coordinating:
    """So many plans that cannot move: a holder has all their tenants; some are paused besides."""
    coordinating = Coordinating(world)
    world.started("holder", ["a"])
    for i in range(count):
        world.plan(f"p{i}", ["a"])
    coordinating.settle()
    for i in range(0, count, 2):
        world.ask("pause", f"p{i}")
    coordinating.settle()
    return coordinating


def test_idle_plans_cost_nothing(world: LedgerWorld) -> None:
    def cost(count: int) -> tuple[int, int]:
        coordinating = idle_plans(world, count)
        with counted(world.client) as work:
            for _ in range(10):
                coordinating.round()
        return work.scripts, work.commands

    # One script a round: whose turn is it?
    few = cost(20)
    assert few[0] == 10
    world.client.flushdb()
    assert cost(200) == few


def test_a_look_around_is_bounded(world: LedgerWorld) -> None:
    coordinating = idle_plans(world, 100)
    with counted(world.client) as work:
        for _ in range(10):
            coordinating.look()
    # 20 plans a look, and whose turn it is.
    assert work.scripts <= 10 * 21


def test_many_wakes_of_one_plan_are_one_turn(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    tasks = world.started("p", [f"t{i}" for i in range(20)], max_concurrency=20)
    coordinating.settle()
    for task in tasks:
        world.break_stage(task)
    assert world.client.xlen(world.keys.of("inbox")) == 1
    with counted(world.client) as work:
        assert coordinating.settle() == 2
    # Whose turn is it, the turn, and that nobody has another.
    assert work.scripts == 3


def waiters(world: LedgerWorld, count: int) -> Coordinating:
    """So many plans whose one task waits for a tenant that a task of another holds."""
    coordinating = Coordinating(world)
    world.started("holder", ["a"])
    for i in range(count):
        world.plan(f"p{i}", ["a"], stages=["one"])
    coordinating.settle()
    assert len(world.line("a")) == count
    return coordinating


def test_a_release_wakes_who_can_start_and_not_everybody(world: LedgerWorld) -> None:
    coordinating = waiters(world, 50)
    world.break_stage("holder.0")
    assert world.wakes() == ["holder", "p0"]
    # The others stand where they stood: each is looked at when its time has come.
    assert [i for i in range(50) if world.queue(f"p{i}")] == [0]
    world.client.zadd(world.keys.of("ready"), {"p0": 1})
    coordinating.settle()
    assert world.holder("a") == "p0.0"


def test_the_whole_line_is_worked_off_with_one_look_a_waiter(world: LedgerWorld) -> None:
    def cost(count: int) -> float:
        world.client.flushdb()
        coordinating = waiters(world, count)
        with counted(world.client) as work:
            world.break_stage("holder.0")
            for task_id in world.line("a"):
                coordinating.settle()
                assert world.holder("a") == task_id
                world.finish(task_id)
        return work.commands / count

    # What a waiter costs does not grow with the line: it is taken out of its front.
    assert cost(80) < cost(20) * 1.2


def test_a_free_tenant_whose_waiters_cannot_start_wakes_nobody(world: LedgerWorld) -> None:
    coordinating = waiters(world, 50)
    for i in range(50):
        world.ask("pause", f"p{i}")
    world.break_stage("holder.0")
    coordinating.settle()
    for _ in range(5):
        world.sweeper.sweep()
    assert world.wakes() == []
    # And is taken by the first whose plan goes on.
    world.ask("resume", "p7")
    coordinating.settle()
    assert world.holder("a") == "p7.0"


def test_waiters_that_cannot_start_are_looked_at_once_and_in_bounded_steps(world: LedgerWorld) -> None:
    coordinating = waiters(world, 120)
    for i in range(119):
        world.ask("pause", f"p{i}")
    with counted(world.client) as work:
        world.break_stage("holder.0")
    assert len(world.line("a")) == 70
    # They stand in their queues; a sweep goes on where the release had to stop.
    assert all(world.queue(f"p{i}") for i in range(50))
    assert work.commands < 850
    assert world.ledger.call("sweep_lines", 100, 60) == ["SWEPT", 1, 1]
    assert len(world.line("a")) == 10
    assert world.ledger.call("sweep_lines", 100, 60) == ["SWEPT", 1, 0]
    assert world.line("a") == ["p119.0"]
    coordinating.settle()
    assert world.holder("a") == "p119.0"
    # Nothing is left to look at.
    with counted(world.client) as work:
        assert world.ledger.call("sweep_lines", 100, 60) == ["SWEPT", 0, 0]
    assert work.commands < 10


def test_who_stood_back_keeps_its_place(world: LedgerWorld) -> None:
    coordinating = waiters(world, 3)
    world.ask("pause", "p0")
    world.break_stage("holder.0")
    coordinating.settle()
    assert world.holder("a") == "p1.0"
    assert world.line("a") == ["p2.0"]
    # Its wait goes on: before whoever came after it, and said once.
    world.ask("resume", "p0")
    coordinating.settle()
    assert world.line("a") == ["p0.0", "p2.0"]
    assert [event.type for event in world.events() if getattr(event, "task_id", "") == "p0.0"].count("TaskWaiting") == 1
    world.finish("p1.0")
    coordinating.settle()
    assert world.holder("a") == "p0.0"


def test_a_wake_that_led_to_nothing_is_made_up_for_before_other_lines(world: LedgerWorld) -> None:
    coordinating = waiters(world, 2)
    world.started("many", [f"t{i}" for i in range(150)], max_concurrency=150)
    world.plan("behind", [f"t{i}" for i in range(150)], max_concurrency=150)
    coordinating.settle()
    assert world.client.zcard(world.keys.of("lined")) == 151
    for _ in range(3):
        world.sweeper.sweep()
    world.break_stage("holder.0")
    # Woken, and then paused before its turn came.
    world.ask("pause", "p0")
    coordinating.settle()
    assert world.holder("a") is None
    world.sweeper.sweep()
    coordinating.settle()
    assert world.holder("a") == "p1.0"


def test_who_stayed_in_the_line_is_woken_by_who_stands_back_for_it(world: LedgerWorld) -> None:
    coordinating = waiters(world, 2)
    world.break_stage("holder.0")
    # The first can start no more, and the second was not woken: until a third comes and stands back for it.
    world.ask("pause", "p0")
    coordinating.settle()
    assert world.holder("a") is None
    world.plan("third", ["a"])
    coordinating.settle()
    assert world.holder("a") == "p1.0"


def paused_by_their_plan(world: LedgerWorld, count: int) -> list[str]:
    tasks = [f"p.{i}" for i in range(count)]
    world.plan("p", [f"t{i}" for i in range(count + 1)], max_concurrency=count)
    world.serve("p")
    world.ask("pause", "p")
    for task in tasks:
        world.begin(task)
    assert world.status("p") == "PAUSED"
    assert {world.status(task) for task in tasks} == {"PAUSED"}
    return tasks


def test_a_large_plan_is_resumed_in_chunks_and_its_tasks_go_before_the_moves(world: LedgerWorld) -> None:
    tasks = paused_by_their_plan(world, 250)
    with counted(world.client) as work:
        assert world.ask("resume", "p").answer == "ACCEPTED"
    # The call's own work does not grow with what is paused.
    assert work.scripts == 1
    assert work.commands < 60
    assert world.status("p") == "RUNNING"
    assert {world.status(task) for task in tasks} == {"PAUSED"}
    sizes = []
    while world.operations.resume_chunk("p", 100):
        sizes.append(len(world.queue("p")))
        # The move at the end has a free slot, and still waits for those that go before it.
        assert world.admit("p").tasks == []
        world.check()
    assert sizes == [101, 201]
    assert world.serve("p") == tasks
    assert world.task("p.250")["status"] == "PENDING"
    assert "resuming" not in world.reader.plan_record("p")


def test_a_coordinator_does_the_chunks(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    tasks = paused_by_their_plan(world, 120)
    world.ask("resume", "p")
    coordinating.settle()
    assert {world.status(task) for task in tasks} == {"RUNNING"}


def test_a_pause_or_cancel_comes_between_the_chunks(world: LedgerWorld) -> None:
    tasks = paused_by_their_plan(world, 150)
    world.ask("resume", "p")
    assert world.operations.resume_chunk("p", 100)
    assert world.ask("pause", "p").answer == "ACCEPTED"
    assert not world.operations.resume_chunk("p", 100)
    assert sum(world.status(task) == "PAUSED" for task in tasks) == 50
    assert world.admit("p").tasks == []
    # The next resume takes up those that are left.
    world.ask("resume", "p")
    assert sorted(world.serve("p")) == sorted(tasks)
    world.ask("cancel", "p")
    world.serve("p")
    world.check()
