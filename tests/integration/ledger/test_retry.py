"""The second try: how often, from where, and what becomes of its checkpoint."""

from __future__ import annotations

import pytest

from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Ended
from tests.support.ledger_world import LedgerWorld

SCRATCH = Order("ada", "because", from_scratch=True)


def test_a_retry_ends_with_its_attempt_not_with_the_rollback_after_it(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.break_stage(task)
    world.ask("retry", task)
    world.serve("p")
    world.begin(task)
    world.ask("rollback", task)
    world.succeed(task)
    world.finish(task)
    kinds = world.kinds(task_id=task)
    assert kinds.count("TaskRetryCompleted") == 1
    assert kinds.index("TaskRetryCompleted") < kinds.index("TaskRollingBack")


def test_the_fourth_retry_is_refused(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    for _ in range(3):
        world.break_stage(task)
        assert world.ask("retry", task).answer == "ACCEPTED"
        assert world.serve("p") == [task]
    world.break_stage(task)
    reply = world.ask("retry", task)
    assert (reply.answer, reply.why, reply.what) == ("REFUSED", "max-retry", "3")


def test_a_retry_from_the_checkpoint_skips_what_is_done_and_says_where_it_goes_on(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.break_stage(task)
    since = world.now()
    world.ask("retry", task)
    world.serve("p")
    world.finish(task)
    assert world.kinds(since, task_id=task)[:4] == [
        *("OperationRequested", "TaskRetryStarted", "TaskProgress", "TaskStageStarted"),
    ]
    assert [e.stage_name for e in world.events(since) if e.type == "TaskStageStarted"] == ["two", "three"]
    (ended,) = [event for event in world.events(since) if event.type == "TaskRetryCompleted"]
    assert (ended.from_checkpoint, ended.success) == (True, True)


@pytest.mark.parametrize("kept", [None, "not json", '{"completed_stages": 1, "last_stage": "other"}'])
def test_a_checkpoint_that_does_not_fit_is_refused_and_scratch_goes(world: LedgerWorld, kept: str | None) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.break_stage(task)
    key = world.keys.of("checkpoint", task)
    if kept is None:
        world.client.delete(key)
    else:
        world.client.set(key, kept)
    assert world.ask("retry", task).why == "no-checkpoint"
    assert world.ask("retry", task, SCRATCH).answer == "ACCEPTED"
    world.serve("p")
    assert world.finish(task) is Ended.COMPLETED


def test_the_marker_of_a_store_beside_the_ledger_is_a_checkpoint(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.break_stage(task)
    world.client.set(world.keys.of("checkpoint", task), '{"store":"database","epoch":1,"completed_stages":1}')
    assert world.ask("retry", task).answer == "ACCEPTED"
