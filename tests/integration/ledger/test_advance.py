"""What follows a stage begins in the write that records it: the next stage, or the plan's next task; once, whatever
is repeated."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from structlog.testing import capture_logs

from orchestrator.domain.lanes import lane_of
from orchestrator.ledger.outcomes import Ended
from orchestrator.ledger.records import Advanced, Onward
from tests.support.ledger_world import LedgerWorld
from workers.run_ahead import lanes_text


def at_the_end(world: LedgerWorld, task: str) -> None:
    """All stages but the last are done, and that one runs."""
    world.begin(task)
    while world.advance(task).ended is Ended.BEGUN and int(world.task(task)["stage"]) < 2:
        pass


def begun(answer: Advanced) -> str | None:
    return answer.task[0].task_id if answer.task else None


def test_a_task_is_one_begin_and_one_write_a_stage(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    since = world.now()

    answers = [world.advance(task) for _ in range(3)]

    assert [answer.ended for answer in answers] == [Ended.BEGUN, Ended.BEGUN, Ended.COMPLETED]
    assert [answer.stage for answer in answers] == [(1, "two"), (2, "three"), None]
    assert world.kinds(since) == [
        *("TaskStageSucceeded", "TaskStageStarted", "TaskStageSucceeded", "TaskStageStarted", "TaskStageSucceeded"),
        *("TaskCompleted", "PlanProgress", "PlanCompleted"),
    ]
    assert world.status("p") == "COMPLETED"


def test_the_end_of_a_task_begins_the_next_one_and_wakes_nobody(world: LedgerWorld) -> None:
    first, second, third = world.started("p", ["a", "b", "c"], max_concurrency=1)
    at_the_end(world, first)
    world.coordinate()

    answer = world.advance(first)

    assert (answer.ended, begun(answer)) == (Ended.COMPLETED, second)
    assert answer.task is not None
    turn, record = answer.task
    assert turn == world.turn(second)
    assert (record.tenant_id, record.stage_name, record.legs, record.digest) == ("b", "one", 3, "d")
    assert '"of-p"' in record.config
    assert world.task(second)["worker"] == "worker"
    assert world.slots("p") == {second}
    assert world.wakes() == []
    assert world.queue("p") == [third]
    assert world.finish_turn(second) is Ended.COMPLETED


def test_more_free_slots_than_a_worker_takes_wake_a_coordinator(world: LedgerWorld) -> None:
    ids = world.plan("p", ["a", "b", "c", "d"], max_concurrency=2)
    world.admit("p", limit=1)
    at_the_end(world, ids[0])
    world.wakes()

    assert begun(world.advance(ids[0])) == ids[1]

    assert world.wakes() == ["p"]
    assert world.serve("p") == [ids[2]]


@pytest.mark.parametrize("hindrance", ["pause", "cancel", "rollback"])
def test_nothing_is_begun_where_nothing_may_start(world: LedgerWorld, hindrance: str) -> None:
    first, second = world.started("p", ["a", "b"], max_concurrency=1)
    at_the_end(world, first)
    world.ask(hindrance, "p")

    answer = world.advance(first)

    assert begun(answer) is None
    assert world.status(second) == "PENDING"


@pytest.mark.parametrize(("spent", "goes_on"), [(0.0, True), (0.3, True), (0.34, False), (0.9, False)])
def test_another_task_is_taken_within_the_share_of_all_that_wait(
    world: LedgerWorld, spent: float, goes_on: bool
) -> None:
    """Three messages wait: of this plan and of others, which must not wait for the whole of this one."""
    tasks = world.started("big", ["a", "b", "c", "d"], stages=["one"], max_concurrency=2)
    world.started("small", ["e", "f"], stages=["one"], max_concurrency=2)
    # One that waits for its time is no message that waits for a worker.
    (polling,) = world.started("polling", ["g"], stages=["one"])
    world.begin(polling)
    world.poll(polling, 60)
    world.begin(tasks[0])
    world.wakes()
    done = world.advance_turn(world.turn(tasks[0]), Onward("worker", spent=spent))
    assert (done.task is not None) is goes_on
    # What it does not take is a coordinator's to admit.
    assert (world.client.zscore(world.keys.of("ready"), "big") is None) is goes_on


def test_a_message_that_has_waited_for_long_is_counted_as_one_that_waits(world: LedgerWorld) -> None:
    """The sweep moves its lease: what ran out and was looked after still waits for a worker."""
    tasks = world.started("big", ["a", "b", "c"], stages=["one"], max_concurrency=2)
    late = world.started("small", ["e", "f"], stages=["one"], max_concurrency=2)
    for task in (tasks[1], *late):
        world.client.zadd(world.keys.of("leases_queued"), {task: world.reader.now_ms() + 60_000})
    world.begin(tasks[0])
    assert world.advance_turn(world.turn(tasks[0]), Onward("worker", spent=0.34)).task is None


def test_a_task_that_stops_at_its_boundary_gives_its_slot_to_the_next(world: LedgerWorld) -> None:
    first, second, third = world.started("p", ["a", "b", "c"], max_concurrency=1)
    world.begin(first)
    world.ask("pause", first)
    answer = world.advance(first)
    assert (answer.ended, begun(answer)) == (Ended.PAUSED, second)

    world.ask("cancel", second)
    answer = world.advance(second)
    assert (answer.ended, begun(answer)) == (Ended.CANCELLED, third)

    world.ask("rollback", third)
    assert world.advance(third) == Advanced(Ended.ROLLING_BACK)
    assert world.slots("p") == {third}


def test_a_tenant_that_is_held_is_passed_over_and_said(world: LedgerWorld) -> None:
    world.started("q", ["b"])
    first, second, third = world.started("p", ["a", "b", "c"], max_concurrency=2)
    assert world.slots("p") == {first, third}
    world.finish(third)
    (fourth, fifth) = world.plan("r", ["b", "d"], max_concurrency=2)
    world.serve("r")
    at_the_end(world, fifth)
    assert begun(world.advance(fifth)) is None
    assert world.line("b") == [second, fourth]

    at_the_end(world, "q.0")
    assert begun(world.advance("q.0")) is None
    world.coordinate()
    assert world.holder("b") == second


def test_only_tasks_of_served_lanes_are_begun_and_the_rest_is_woken_for(world: LedgerWorld) -> None:
    tenants = [f"tenant-ü{i}" for i in range(40)]
    ids = world.started("p", tenants, max_concurrency=1)
    served = {1, 3}
    lanes = lanes_text({"lane-1", "lane-3", "elsewhere"}, 4)
    for task, following in itertools.pairwise(ids):
        at_the_end(world, task)
        world.wakes()
        expected = following if lane_of(tenants[ids.index(following)], 4) in served else None
        assert begun(world.advance(task, lanes=lanes)) == expected
        assert world.wakes() == ([] if expected else ["p"])
        world.serve("p")
        if expected:
            # Begun already; handed back so that the next round begins it.
            world.poll(following, 0)


def test_a_lost_reply_is_answered_as_before_also_across_the_end_of_a_task(world: LedgerWorld) -> None:
    first, second, _ = world.started("p", ["a", "b", "c"], max_concurrency=1)
    world.begin(first)
    for ended, successor in ((Ended.BEGUN, None), (Ended.BEGUN, None), (Ended.COMPLETED, second)):
        turn = world.turn(first)
        answer = world.advance(first)
        assert (answer.ended, begun(answer)) == (ended, successor)
        before = world.dump()
        assert world.advance_turn(turn, Onward("worker")) == answer
        # Another delivery, or one that goes no further, has begun nothing here.
        other = Advanced(Ended.STALE if ended is Ended.BEGUN else ended)
        assert world.advance_turn(turn, Onward("another")) == other
        assert world.advance_turn(turn, None) == other
        assert world.dump() == before


def test_a_repeat_names_no_successor_that_has_gone_on(world: LedgerWorld) -> None:
    first, second = world.started("p", ["a", "b"], max_concurrency=1)
    at_the_end(world, first)
    turn = world.turn(first)
    world.advance(first)
    world.expire("leases_running", second)
    world.ledger.call("sweep_running", 10, 2, 10)

    assert world.advance_turn(turn, Onward("worker")) == Advanced(Ended.COMPLETED)
    # Run once more and ended without a successor: the one that it had is none of this end's.
    world.finish(second)
    world.ask("rollback", first)
    world.serve("p")
    at_the_end(world, first)
    turn = world.turn(first)
    assert world.advance(first).ended is Ended.ROLLED_BACK
    assert world.advance_turn(turn, Onward("worker")) == Advanced(Ended.ROLLED_BACK)


def test_an_older_epoch_advances_nothing(world: LedgerWorld) -> None:
    first, _ = world.started("p", ["a", "b"], max_concurrency=1)
    world.begin(first)
    turn = world.turn(first)
    world.expire("leases_running", first)
    world.ledger.call("sweep_running", 10, 2, 10)
    before = world.dump()
    for late in (turn, dataclasses.replace(turn, stage=1), dataclasses.replace(turn, turn=1)):
        assert world.advance_turn(late, Onward("worker")) == Advanced(Ended.STALE)
    assert world.dump() == before
    # Nor is it told of what the newer one did.
    world.begin(first)
    world.succeed(first)
    assert world.advance_turn(turn, None) == Advanced(Ended.STALE)


def test_a_damaged_queue_leaves_the_stage_recorded(world: LedgerWorld) -> None:
    first, second, third = world.started("p", ["a", "b", "c"], max_concurrency=2)
    at_the_end(world, first)
    queue = world.keys.of("queue", "p")
    world.client.rename(queue, f"{queue}-kept")
    world.client.set(queue, "no queue")

    answer = world.advance(first)

    assert (answer.ended, begun(answer)) == (Ended.COMPLETED, None)
    assert world.kinds(task_id=first)[-1] == "TaskCompleted"
    assert world.wakes() == ["p"]
    world.client.rename(f"{queue}-kept", queue)
    world.serve("p")
    assert world.slots("p") == {second, third}


def test_slots_that_a_hand_took_away_are_not_filled(world: LedgerWorld) -> None:
    first, second, _ = world.started("p", ["a", "b", "c"], max_concurrency=2)
    at_the_end(world, first)
    world.client.hset(world.keys.of("plan", "p"), "max", 1)
    with capture_logs() as logs:
        assert begun(world.advance(first)) is None
    assert [log for log in logs if log.get("action") == "bad-move"] == []
    assert world.slots("p") == {second}
    # Else the check at the end would find that the log tells of two.
    world.client.hset(world.keys.of("plan", "p"), "max", 2)
    world.serve("p")


def test_a_successor_of_an_earlier_end_is_none_of_a_later_one(world: LedgerWorld) -> None:
    first, second = world.plan("p", ["a", "b"], max_concurrency=2)
    world.admit("p", limit=1)
    at_the_end(world, first)
    assert begun(world.advance(first)) == second
    world.ask("rollback", first)
    world.serve("p")
    at_the_end(world, first)
    turn = world.turn(first)
    assert world.advance(first) == Advanced(Ended.ROLLED_BACK)
    assert world.advance_turn(turn, Onward("worker")) == Advanced(Ended.ROLLED_BACK)


def draws_of(world: LedgerWorld) -> int:
    return int(world.client.info("commandstats")["cmdstat_incrby"]["calls"])


def test_events_of_one_write_are_numbered_at_once(world: LedgerWorld) -> None:
    first, _ = world.started("p", ["a", "b"], max_concurrency=1)
    at_the_end(world, first)
    since, draws = world.now(), draws_of(world)
    world.advance(first)
    events = world.events(since)
    assert draws_of(world) == draws + 1
    assert [event.type for event in events] == [
        *("TaskStageSucceeded", "TaskCompleted", "PlanProgress", "TaskStarted", "TaskStageStarted"),
    ]
    assert [event.sequence_id for event in events] == list(range(since + 1, since + 6))
    assert len({event.occurred_at for event in events}) == 1


def test_what_the_ledger_answers_is_what_begin_would_have(world: LedgerWorld) -> None:
    first, second = world.started("p", ["a", "b"], max_concurrency=1)
    at_the_end(world, first)
    answer = world.advance(first)
    assert answer.task is not None
    assert world.ledger.begin(world.turn(second), "worker")[1] == answer.task[1]
