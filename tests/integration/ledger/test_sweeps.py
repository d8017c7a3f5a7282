"""What the sweep does: lost workers, lost messages, deadlines, the grace after an outage. Nothing waits for a lease."""

from __future__ import annotations

import pytest

from orchestrator.coordinator.sweeper import ENDS, Sweeper, SweeperThread
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import StageRow
from tests.support.ledger_world import FAILURE, LedgerWorld
from tests.support.since import Since

LEASE_MS = 10_000


def lose(world: LedgerWorld, kind: str, task_id: str) -> None:
    world.expire(f"leases_{kind}", task_id)
    world.sweeper.sweep()


def due_ms(world: LedgerWorld, kind: str, task_id: str) -> float:
    score = world.client.zscore(world.keys.of(kind), task_id)
    assert isinstance(score, float)
    return score


def test_a_lost_worker_is_replaced_under_a_new_epoch_and_its_result_fenced(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.begin(task)
    world.poll(task)
    world.begin(task)
    old = world.turn(task)
    lose(world, "running", task)
    row = world.published[-1]
    assert (row.task_id, row.stage, row.turn) == (task, 1, 1)
    assert row.epoch > old.epoch
    before = world.dump()
    assert world.succeed_turn(old) is Ended.STALE
    assert world.ledger.fail(old, FAILURE) is Ended.STALE
    assert world.ledger.poll_again(old, 1, "{}")[0] is Ended.STALE
    assert world.ledger.begin(old, "late")[0] is Begun.STALE
    assert world.dump() == before
    assert world.task(task)["cursor"] == '{"step":1}'
    assert world.finish(task) is Ended.COMPLETED


def test_recoveries_of_a_stage_are_bounded_and_counted_anew_for_the_next(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    for _ in range(5):
        world.begin(task)
        lose(world, "running", task)
    world.stage(task)
    for _ in range(6):
        assert world.status(task) == "RUNNING"
        world.begin(task)
        lose(world, "running", task)
    assert world.status(task) == "FAILED"
    assert world.kinds(task_id=task).count("TaskRecovered") == 10
    assert '"type":"RecoveriesExhausted"' in world.task(task)["failure"]
    assert int(str(world.client.hget(world.keys.of("meta"), "recoveries"))) == 10


def test_a_lost_message_is_published_again_ever_more_seldom_and_never_failed(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    turn = world.turn(task)
    for wait_ms in (20_000, 40_000, *[60_000] * 48):
        since = Since(world.reader.now_ms)
        lose(world, "queued", task)
        row = world.published[-1]
        assert (row.epoch, row.stage, row.turn) == (turn.epoch, turn.stage, turn.turn)
        assert since.waits(due_ms(world, "leases_queued", task), wait_ms)
    assert world.status(task) == "RUNNING"
    assert world.kinds(task_id=task) == ["TaskCreated", "TaskStarted"]
    world.begin(task)
    assert world.succeed(task) is Ended.NEXT
    assert "republished" not in world.task(task)


def test_between_polls_the_lease_counts_from_the_due_time(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    since = Since(world.reader.now_ms)
    world.poll(task, delay_seconds=100)
    assert since.waits(due_ms(world, "leases_queued", task), LEASE_MS + 100_000)


@pytest.mark.parametrize(("wish", "state"), [("pause", "PAUSED"), ("cancel", "CANCELLED")])
@pytest.mark.parametrize("target", ["p", "p.0"])
@pytest.mark.parametrize("kind", ["queued", "running"])
def test_the_sweep_acts_on_a_wish_instead_of_publishing(
    world: LedgerWorld, wish: str, state: str, target: str, kind: str
) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    if kind == "running":
        world.begin(task)
    old = world.turn(task)
    assert world.ask(wish, target).answer == "ACCEPTED"
    world.published.clear()
    lose(world, kind, task)
    assert world.status(task) == state
    assert world.published == []
    assert world.succeed_turn(old) is Ended.STALE
    # A worker that lives after all is fenced off at the target too: the tenant's epoch is no longer its own.
    assert world.reader.tenant_records(["a"])[0].get("epoch") != str(old.epoch) or kind == "queued"


def test_a_stage_stopped_half_way_by_the_sweep_goes_on_with_its_full_time(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"], stages=[StageRow("one", 30.0), StageRow("two")])
    world.begin(task)
    world.ask("pause", task)
    lose(world, "running", task)
    assert world.client.zscore(world.keys.of("deadlines"), task) is None
    world.client.hset(world.keys.of("task", task), "stageStartedAt", 1)
    world.ask("resume", task)
    since = Since(world.reader.now_ms)
    world.serve("p")
    assert int(world.task(task)["stageStartedAt"]) > 1
    assert since.waits(due_ms(world, "deadlines", task), 30_000)
    assert world.finish(task) is Ended.COMPLETED
    assert world.kinds(task_id=task, stage_name="one") == ["TaskStageStarted", "TaskStageSucceeded"]


@pytest.mark.parametrize(("timed", "kind"), [("stage", "StageTimeout"), ("task", "TaskTimeout")])
def test_a_deadline_fails_the_task_and_fences_its_result(world: LedgerWorld, timed: str, kind: str) -> None:
    options = {"stages": [StageRow("one", 30.0)]} if timed == "stage" else {"task_timeout_seconds": 30.0}
    (task,) = world.started("p", ["a"], **options)
    world.begin(task)
    turn = world.turn(task)
    world.sweeper.sweep()
    assert world.status(task) == "RUNNING"
    world.client.hset(world.keys.of("task", task), "stageStartedAt", 1)
    world.expire("deadlines", task)
    world.sweeper.sweep()
    assert world.status(task) == "FAILED"
    assert f'"type":"{kind}"' in world.task(task)["failure"]
    before = world.dump()
    assert world.succeed_turn(turn) is Ended.STALE
    assert world.dump() == before
    assert world.kinds(task_id=task)[-2:] == ["TaskStageFailed", "TaskFailed"]


def test_paused_and_waiting_time_does_not_count(world: LedgerWorld) -> None:
    since = Since(world.reader.now_ms)
    task, other = world.started("p", ["a", "b"], task_timeout_seconds=100, max_concurrency=1)
    assert world.client.zscore(world.keys.of("deadlines"), other) is None
    # 40 s of it are used up.
    admitted = int(world.task(task)["admittedAt"]) - 40_000
    world.client.hset(world.keys.of("task", task), "admittedAt", admitted)
    world.ask("pause", task)
    world.begin(task)
    assert world.client.zscore(world.keys.of("deadlines"), task) is None
    world.ask("resume", task)
    assert world.serve("p") == [task]
    assert since.waits(due_ms(world, "deadlines", task), 60_000)
    world.ask("pause", task)
    world.begin(task)
    since = Since(world.reader.now_ms)
    world.serve("p")
    assert since.waits(due_ms(world, "deadlines", other), 100_000)


def test_after_redis_or_all_coordinators_were_away_leases_get_grace(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.sweeper.sweep()
    world.begin(task)
    clock = world.keys.of("clock")
    for name, value in (("runId", "another"), ("tickAt", "1")):
        world.expire("leases_running", task)
        world.client.hset(clock, name, value)
        world.sweeper.sweep()
        world.sweeper.sweep()
        assert "TaskRecovered" not in world.kinds(task_id=task)
        assert world.ledger.renew([world.turn(task)]) == frozenset()
        world.client.hset(clock, "sweepNotBefore", 0)
    lose(world, "running", task)
    assert "TaskRecovered" in world.kinds(task_id=task)


def test_a_coordinator_looks_at_the_clock_before_it_admits(world: LedgerWorld) -> None:
    thread = SweeperThread(world.sweeper, 3600.0)
    assert world.client.hget(world.keys.of("clock"), "tickAt") is None
    world.client.config_set("maxmemory", 1)
    try:
        thread.start()
        thread.stop()
    finally:
        world.client.config_set("maxmemory", 0)
    thread.start()
    thread.stop()
    # So that an outage right after its start is one.
    assert world.client.hget(world.keys.of("clock"), "tickAt") is not None


def test_what_nobody_takes_up_waits_one_lease_and_no_longer(world: LedgerWorld) -> None:
    tasks = world.started("p", ["a", "b", "c", "d"])
    for _ in range(3):
        for task_id in tasks[2:]:
            world.expire("leases_queued", task_id)
        since = Since(world.reader.now_ms)
        _, rows, more = world.ledger.call("sweep_queued", 100, world.reader.now_ms(), 0)
        assert (rows, more) == ([], 0)
    assert {world.task(task_id).get("republished") for task_id in tasks} == {None}
    assert since.waits(due_ms(world, "leases_queued", tasks[2]), LEASE_MS)
    for task_id in tasks:
        world.expire("leases_queued", task_id)
    # A full batch, and nobody takes up more: the sweep ends here.
    _, rows, more = world.ledger.call("sweep_queued", 3, world.reader.now_ms(), 2)
    assert (len(rows), more) == (2, 0)
    _, rows, more = world.ledger.call("sweep_queued", 1, world.reader.now_ms(), 2)
    assert (len(rows), more) == (1, 1)


def test_what_nobody_would_publish_is_recovered_a_little_later(world: LedgerWorld) -> None:
    tasks = world.started("p", ["a", "b", "c", "d"])
    for task_id in tasks:
        world.begin(task_id)
        world.expire("leases_running", task_id)
    world.ask("pause", tasks[3])
    sweeper = Sweeper(world.ledger, world.published.extend, room=lambda: 0)
    before = len(world.published)
    since = Since(world.reader.now_ms)
    sweeper.sweep()
    assert len(world.published) == before
    # Who stops needs nobody.
    assert [world.task(task_id).get("recoveries", "0") for task_id in tasks] == ["0", "0", "0", "1"]
    assert world.status(tasks[3]) == "PAUSED"
    assert since.waits(due_ms(world, "leases_running", tasks[0]), 1_000.5)
    for task_id in tasks[:3]:
        world.expire("leases_running", task_id)
    # A full batch, and nobody takes more: the sweep ends here.
    _, rows, more = world.ledger.call("sweep_running", 2, world.reader.now_ms(), 1)
    assert (len(rows), more) == (1, 0)
    _, rows, more = world.ledger.call("sweep_running", 1, world.reader.now_ms(), 2)
    assert (len(rows), more) == (1, 1)


def test_one_script_ends_a_few_tasks_and_the_sweep_goes_on(world: LedgerWorld) -> None:
    count = 2 * ENDS + 1
    tasks = world.plan("p", [f"t{n}" for n in range(count)], max_concurrency=count, task_timeout_seconds=1.0)
    world.serve("p")
    for task_id in tasks:
        world.begin(task_id)
        world.expire("deadlines", task_id)
    assert world.ledger.call("sweep_deadlines", ENDS, world.reader.now_ms())[1:] == [ENDS, 1]
    world.sweeper.sweep()
    assert {world.status(task_id) for task_id in tasks} == {"FAILED"}
