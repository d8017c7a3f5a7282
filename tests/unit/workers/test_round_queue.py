"""Who of a round gets a thread: plans in turn, none more than half."""

from __future__ import annotations

from orchestrator.ledger.records import Turn
from workers.round_queue import Polled, RoundQueue


def polls(plan: str, count: int) -> list[Polled]:
    return [Polled(Turn(f"{plan}.{n}", 1, 0, 1), "lane-0") for n in range(count)]


def ids(taken: list[Polled]) -> list[str]:
    return [polled.turn.task_id for polled in taken]


def test_plans_take_turns() -> None:
    queue = RoundQueue(100)
    queue.put([*polls("a", 3), *polls("b", 1), *polls("c", 2)])
    assert ids(queue.take(100)) == ["a.0", "b.0", "c.0", "a.1", "c.1", "a.2"]
    assert not queue.may_take()


def test_one_plan_has_at_most_half_of_the_threads() -> None:
    queue = RoundQueue(4)
    queue.put(polls("a", 5))
    assert ids(queue.take(9)) == ["a.0", "a.1"]
    assert not queue.may_take()
    queue.put([*polls("b", 1), *polls("c", 5)])
    assert ids(queue.take(9)) == ["b.0", "c.0"]
    assert queue.busy == 4
    # One of b's: now c may have its second, and a has what it may have.
    queue.done("b")
    assert ids(queue.take(9)) == ["c.1"]
    queue.done("a")
    assert ids(queue.take(9)) == ["a.2"]


def test_a_copy_that_waits_beside_its_turn_is_one() -> None:
    queue = RoundQueue(4)
    assert queue.put([*polls("a", 2), *polls("a", 2)]) == polls("a", 2)
    assert len(queue) == 2
    assert ids(queue.take(1)) == ["a.0"]
    # In hand: what comes now is for the ledger to tell.
    assert queue.put(polls("a", 1)) == []
    assert ids(queue.clear()) == ["a.1", "a.0"]
    assert (len(queue), queue.may_take()) == (0, False)


def test_only_one_thread_is_for_everybody() -> None:
    queue = RoundQueue(1)
    queue.put(polls("a", 2))
    assert ids(queue.take(5)) == ["a.0"]
    assert not queue.may_take()
    queue.done("a")
    assert ids(queue.take(5)) == ["a.1"]
