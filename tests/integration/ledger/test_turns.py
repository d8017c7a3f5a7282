"""A turn's begin and end: exactly once, whatever is delivered twice, late or after the worker was given up."""

from __future__ import annotations

import dataclasses

import pytest
import redis

from orchestrator.control.status import StatusReader
from orchestrator.domain.events import TaskCompleted
from orchestrator.ledger.ledger import RENEWED
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import Dropped
from orchestrator.settings.model import Settings
from tests.support.counting import counted
from tests.support.ledger_world import FAILURE, LedgerWorld
from tests.support.waiting import wait_until


def test_copies_of_a_turn_begin_nothing(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    turn = world.turn(task)
    assert world.begin(task) is Begun.BEGUN
    before = world.dump()
    assert world.ledger.begin(turn, "other") == (Begun.COPY, Dropped("a"))
    assert world.ledger.begin(dataclasses.replace(turn, epoch=turn.epoch + 1), "other") == (Begun.STALE, Dropped("a"))
    assert world.ledger.begin(dataclasses.replace(turn, stage=1), "other") == (Begun.STALE, Dropped("a"))
    assert world.ledger.begin(dataclasses.replace(turn, turn=1), "other") == (Begun.COPY, Dropped("a"))
    assert world.dump() == before


def test_a_copy_of_a_recorded_stage_goes_no_further(world: LedgerWorld) -> None:
    """Its successor's own message is out, or its lease will tell: a copy that went on would do so at every stage."""
    (task,) = world.started("p", ["a"])
    first = world.turn(task)
    world.stage(task)
    before = world.dump()
    assert world.ledger.begin(first, "other")[0] is Begun.STALE
    assert world.dump() == before
    world.begin(task)
    assert world.ledger.begin(first, "other")[0] is Begun.STALE
    world.poll(task)
    assert world.ledger.begin(first, "other")[0] is Begun.STALE


def test_a_message_in_hand_keeps_its_lease_for_a_while(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    turn = world.turn(task)
    leases, lease_ms = world.keys.of("leases_queued"), 10_000
    due = int(world.task(task)["queuedAt"])

    def ends() -> float:
        return float(world.client.zscore(leases, task) or 0)

    world.client.hset(world.keys.of("task", task), "queuedAt", due - 2 * lease_ms)
    world.expire("leases_queued", task)
    world.ledger.hold([turn, dataclasses.replace(turn, turn=5), dataclasses.replace(turn, task_id="gone.0")])
    assert due + lease_ms <= ends() <= due + 2 * lease_ms
    world.client.hset(world.keys.of("task", task), "queuedAt", due - 5 * lease_ms)
    world.expire("leases_queued", task)
    world.ledger.hold([turn])
    assert ends() <= due, "another worker may have it now"
    # A poll's is kept from its due time on, and is not shortened before.
    world.begin(task)
    world.poll(task, 60.0)
    before = ends()
    world.ledger.hold([world.turn(task)])
    assert ends() == before


def test_a_stage_between_polls_beats_too(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings.model_copy(update={"heartbeat_seconds": 0.05}))
    (task,) = world.started("p", ["a"])
    world.begin(task)
    started = world.kinds(task_id=task)

    def beats() -> int:
        return world.kinds(task_id=task).count("TaskProgress")

    world.poll(task, 30.0)
    wait_until(lambda: world.ledger.hold([world.turn(task)]) or beats() == 2)  # type: ignore[func-returns-value]
    # By each poll's begin as well: it is not the turn that counts, but the time since the last one.
    world.client.hset(world.keys.of("task", task), "dueAt", 1)
    world.client.hset(world.keys.of("task", task), "beatAt", 1)
    world.begin(task)
    assert beats() == 3
    assert started.count("TaskProgress") == 0
    world.check()


def test_two_turns_within_a_heartbeat_write_none(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    beat = world.task(task)["beatAt"]
    world.poll(task, 0.0)
    world.begin(task)
    assert world.task(task)["beatAt"] == beat
    assert "TaskProgress" not in world.kinds()


def test_a_lost_reply_is_answered_as_before(world: LedgerWorld) -> None:
    task, failing = world.started("p", ["a", "b"])
    world.begin(task)
    turn = world.turn(task)
    assert world.ledger.poll_again(turn, 5, '{"step":1}')[:2] == (Ended.AGAIN, 1)
    before = world.dump()
    assert world.ledger.poll_again(turn, 5, '{"step":1}')[:2] == (Ended.AGAIN, 1)
    assert world.dump() == before
    world.begin(task)
    turn = world.turn(task)
    assert world.succeed(task) is Ended.NEXT
    before = world.dump()
    assert world.succeed_turn(turn) is Ended.NEXT
    assert world.dump() == before
    world.stage(task)
    world.begin(task)
    turn = world.turn(task)
    assert world.succeed(task) is Ended.COMPLETED
    before = world.dump()
    assert world.succeed_turn(turn) is Ended.COMPLETED
    world.begin(failing)
    turn = world.turn(failing)
    assert world.fail(failing) is Ended.FAILED
    before = world.dump()
    assert world.ledger.fail(turn, FAILURE) is Ended.FAILED
    assert world.dump() == before


def test_a_repeat_after_a_person_has_gone_on_is_stale(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    turn = world.turn(task)
    world.ask("pause", task)
    assert world.succeed(task) is Ended.PAUSED
    assert world.succeed_turn(turn) is Ended.PAUSED
    world.ask("resume", task)
    assert world.succeed_turn(turn) is Ended.STALE
    world.serve("p")
    assert world.succeed_turn(turn) is Ended.STALE


def test_a_stage_starts_once_in_the_log_whatever_its_turns(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.poll(task)
    world.begin(task)
    world.expire("leases_running", task)
    world.ledger.call("sweep_running", 10, 2, 10)
    world.begin(task)
    world.succeed(task)
    assert world.kinds(task_id=task) == [
        *("TaskCreated", "TaskStarted", "TaskStageStarted", "TaskRecovered", "TaskStageSucceeded"),
    ]


def test_the_last_stage_cannot_complete_a_task_before_the_others(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    turn = dataclasses.replace(world.turn(task), stage=2)
    world.begin(task)
    assert world.succeed_turn(turn) is Ended.STALE
    assert world.status(task) == "RUNNING"


def test_a_paused_task_cannot_complete(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"], stages=["one"])
    world.begin(task)
    world.poll(task)
    turn = world.turn(task)
    world.client.zadd(world.keys.of("leases_queued"), {task: 1})
    world.begin(task)
    world.ask("pause", task)
    world.expire("leases_running", task)
    world.ledger.call("sweep_running", 10, 2, 10)
    assert world.status(task) == "PAUSED"
    before = world.dump()
    assert world.succeed_turn(turn) is Ended.STALE
    assert world.ledger.fail(turn, FAILURE) is Ended.STALE
    assert world.ledger.begin(turn, "late")[0] is Begun.STALE
    assert world.dump() == before


def test_renewal_names_lost_turns_and_beats_when_due(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings.model_copy(update={"heartbeat_seconds": 0.001}))
    mine, lost = world.started("p", ["a", "b"])
    world.begin(mine)
    world.begin(lost)
    turns = [world.turn(mine), world.turn(lost)]
    world.expire("leases_running", lost)
    world.ledger.call("sweep_running", 10, 2, 10)
    world.client.hset(world.keys.of("task", mine), "beatAt", 1)
    # From here on the server knows the script.
    other = dataclasses.replace(turns[0], turn=7)
    assert world.ledger.renew([other]) == {other}
    with counted(world.client) as work:
        assert world.ledger.renew([turns[0]] * RENEWED + turns[1:]) == {turns[1]}
    # However many a worker has, no script is long.
    assert work.scripts == 2
    assert world.kinds(task_id=mine)[-1] == "TaskProgress"
    world.client.zadd(world.keys.of("leases_running"), {mine: 1})
    world.ledger.renew(turns[:1])
    world.ledger.call("sweep_running", 10, 2, 10)
    assert "TaskRecovered" not in world.kinds(task_id=mine)
    world.check()


@pytest.mark.parametrize(("wish", "state"), [("pause", "PAUSED"), ("cancel", "CANCELLED")])
def test_a_wish_is_not_acted_on_between_polls(world: LedgerWorld, wish: str, state: str) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask(wish, task)
    world.poll(task)
    assert world.begin(task) is Begun.BEGUN
    assert world.succeed(task) == state


def test_the_duration_says_how_much_of_it_was_a_pause(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    key = world.keys.of("task", task)

    def paused_for(milliseconds: int) -> None:
        world.client.hincrby(key, "pausedAt", -milliseconds)
        world.client.hincrby(key, "startedAt", -milliseconds)

    for milliseconds in (40_000, 2_000):
        world.begin(task)
        world.ask("pause", task)
        assert world.succeed(task) is Ended.PAUSED
        paused_for(milliseconds)
        world.ask("resume", task)
        world.serve("p")
    world.stage(task)
    done = next(event for event in world.events() if isinstance(event, TaskCompleted))
    assert 42_000 <= done.paused_millis <= done.duration_millis < 80_000
    told = StatusReader(world.reader).task(task)
    assert (told.duration_millis, told.paused_millis) == (done.duration_millis, done.paused_millis)
    # The way back has a time of its own.
    world.ask("rollback", task)
    world.serve("p")
    world.finish(task)
    back = StatusReader(world.reader).task(task)
    assert (back.status, back.paused_millis) == ("ROLLED_BACK", 0)
    assert back.duration_millis is not None
    assert back.duration_millis < 42_000


def test_a_task_that_is_cancelled_while_it_is_paused_was_paused_until_then(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask("pause", task)
    assert world.succeed(task) is Ended.PAUSED
    world.client.hincrby(world.keys.of("task", task), "pausedAt", -5_000)
    world.ask("cancel", task)
    assert int(world.task(task)["pausedMillis"]) >= 5_000
    assert "pausedAt" not in world.task(task)
