"""The way back and the second try: guards, history of the tenant, plans that go back whole, ends of plans."""

from __future__ import annotations

import json

import pytest

from orchestrator.control.answers import DeployUnit
from orchestrator.control.status import StatusReader
from orchestrator.domain.events import TaskCancelled
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Ended
from tests.support.ledger_world import SOURCE, LedgerWorld

FORCE = Order("ada", "because", force=True)
SCRATCH = Order("ada", "because", from_scratch=True)


def test_stages_go_back_in_reverse_and_the_tenant_is_what_it_was(world: LedgerWorld) -> None:
    (task,) = world.done("p", "a")
    since = world.now()
    world.ask("rollback", task)
    world.serve("p")
    assert world.finish(task) is Ended.ROLLED_BACK
    events = world.events(since)
    stages = [event.stage_name for event in events if event.type == "TaskStageRolledBack"]
    assert stages == ["three", "two", "one"]
    (rolled,) = [event for event in events if event.type == "TaskRolledBack"]
    assert rolled.restored == {"deployUnitId": 99, "deployUnitName": "blue", "deployUnitVersion": 41}
    (turned,) = [event for event in events if event.type == "TaskRollingBack"]
    assert turned.stages_to_rollback == ["three", "two", "one"]
    good = json.loads(world.reader.tenant_records(["a"])[0]["good"])
    assert {key: good[key] for key in SOURCE} == SOURCE
    assert world.ask("retry", task).why == "scratch-only"
    assert world.ask("retry", task, SCRATCH).answer == "ACCEPTED"
    assert world.serve("p") == [task]
    assert "legs" not in world.task(task)
    assert world.finish(task) is Ended.COMPLETED


def test_the_snapshot_is_the_last_known_good_when_the_plan_brings_none(world: LedgerWorld) -> None:
    (first,) = world.done("first", "a", snapshot=False)
    assert world.ask("rollback", first).why == "no-snapshot"
    (second,) = world.done("second", "a", snapshot=False)
    world.ask("rollback", second)
    world.serve("second")
    world.finish(second)
    restored = [event.restored for event in world.events() if event.type == "TaskRolledBack"]
    assert [identity["deployUnitVersion"] for identity in restored] == ["of-first"]
    assert json.loads(world.reader.tenant_records(["a"])[0]["good"])["deploy_unit_version"] == "of-first"


def test_a_rollback_that_no_health_check_confirmed_is_not_known_to_be_good(world: LedgerWorld) -> None:
    (task,) = world.done("p", "a")
    world.ask("rollback", task)
    world.serve("p")
    for _ in range(3):
        world.begin(task)
        world.succeed(task, healthy=False)
    tenant = world.reader.tenant_records(["a"])[0]
    assert world.status(task) == "ROLLED_BACK"
    assert json.loads(tenant["good"])["deploy_unit_version"] == "of-p"
    assert json.loads(tenant["current"])["deployUnitVersion"] == 41


def test_a_rollback_that_goes_on_keeps_what_its_first_part_confirmed(world: LedgerWorld) -> None:
    (task,) = world.done("p", "a")
    world.ask("rollback", task)
    world.serve("p")
    world.stage(task)
    world.break_stage(task)
    world.ask("rollback", task)
    world.serve("p")
    for _ in range(2):
        world.begin(task)
        world.succeed(task, healthy=False)
    assert world.status(task) == "ROLLED_BACK"
    assert json.loads(world.reader.tenant_records(["a"])[0]["good"])["deploy_unit_version"] == 41


def test_the_status_of_a_tenant_tells_what_it_is_and_what_was_good(world: LedgerWorld) -> None:
    status = StatusReader(world.reader)
    (task,) = world.started("p", ["a"])
    assert (status.tenant("a").current, status.tenant("a").last_known_good) == (None, None)
    for _ in range(3):
        world.begin(task)
        world.succeed(task, healthy=False)
    moved = DeployUnit(deploy_unit_id=100, deploy_unit_version="of-p")
    assert (status.tenant("a").current, status.tenant("a").last_known_good) == (moved, None)
    world.ask("rollback", task)
    world.serve("p")
    world.finish(task)
    back = DeployUnit(**SOURCE)
    assert (status.tenant("a").current, status.tenant("a").last_known_good) == (back, back)
    # Of the task the same is told: what its tenant is, whoever moved it last.
    assert status.task(task).current == back


def test_large_numbers_come_back_as_they_were(world: LedgerWorld) -> None:
    (task,) = world.plan("p", ["a"])
    text = json.dumps({"tenant_id": "a", "source_tenant_deploy_config": {"deploy_unit_id": 12345678901234567890}})
    world.client.set(world.keys.of("config", task), text)
    world.serve("p")
    world.begin(task)
    world.ask("rollback", task)
    world.succeed(task)
    world.finish(task)
    (rolled,) = [event for event in world.events() if event.type == "TaskRolledBack"]
    assert rolled.restored["deployUnitId"] == 12345678901234567890


def test_a_rollback_that_failed_goes_on_where_it_stopped(world: LedgerWorld) -> None:
    (task,) = world.done("p", "a")
    world.ask("rollback", task)
    world.serve("p")
    world.stage(task)
    world.break_stage(task)
    assert world.status(task) == "ROLLBACK_FAILED"
    since = world.now()
    world.ask("rollback", task)
    world.serve("p")
    assert world.finish(task) is Ended.ROLLED_BACK
    assert [e.stage_name for e in world.events(since) if e.type == "TaskStageRolledBack"] == ["two", "one"]


def test_a_rollback_asked_for_turns_a_running_task_also_at_its_last_boundary(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.stage(task)
    world.begin(task)
    world.ask("rollback", task)
    assert world.succeed(task) is Ended.ROLLING_BACK
    assert (world.holder("a"), world.slots("p")) == (task, {task})
    assert "TaskCompleted" not in world.kinds(task_id=task)
    assert world.finish(task) is Ended.ROLLED_BACK


def test_a_running_task_that_fails_first_queues_for_its_rollback(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask("rollback", task)
    assert world.fail(task) is Ended.FAILED
    assert (world.status("p"), world.queue("p")) == ("RUNNING", [task])
    assert world.ask("retry", task).why == "rollback-requested"
    assert world.serve("p") == [task]
    assert world.finish(task) is Ended.ROLLED_BACK


def test_a_cancel_does_not_let_go_of_a_task_that_is_to_turn(world: LedgerWorld) -> None:
    task, other = world.started("p", ["a", "b"])
    world.begin(task)
    world.ask("cancel", "p")
    world.ask("rollback", task)
    assert world.succeed(task) is Ended.ROLLING_BACK
    world.finish(task)
    world.begin(other)
    world.serve("p")
    assert (world.status(task), world.status("p")) == ("ROLLED_BACK", "CANCELLED")


@pytest.mark.parametrize("operation", ["rollback", "retry"])
def test_a_tenant_moved_since_is_left_alone_unless_forced(world: LedgerWorld, operation: str) -> None:
    (mine,) = world.started("mine", ["a"])
    world.break_stage(mine)
    (theirs,) = world.done("theirs", "a")
    reply = world.ask(operation, mine)
    assert (reply.answer, reply.why, reply.what) == ("REFUSED", "moved", theirs)
    assert world.ask(operation, mine, FORCE).answer == "ACCEPTED"
    assert world.serve("mine") == [mine]


@pytest.mark.parametrize(("operation", "state"), [("rollback", "FAILED"), ("retry", "CANCELLED")])
def test_a_tenant_moved_between_call_and_admission_too(world: LedgerWorld, operation: str, state: str) -> None:
    (mine,) = world.started("mine", ["a"])
    world.break_stage(mine)
    (theirs,) = world.started("theirs", ["a"])
    assert world.ask(operation, mine).answer == "ACCEPTED"
    world.serve("mine")
    world.finish(theirs)
    assert world.serve("mine") == []
    assert world.status(mine) == state
    words = [
        e.cancelled_by.reason if isinstance(e, TaskCancelled) else getattr(e, "reason", None)
        for e in world.events()
        if e.plan_id == "mine"
    ]
    assert any(f"moved since by {theirs}" in (word or "") for word in words)


def test_a_rollback_forced_over_another_move_counts_as_the_last_one(world: LedgerWorld) -> None:
    (first,) = world.done("first", "a")
    (second,) = world.done("second", "a")
    world.ask("rollback", first, FORCE)
    world.serve("first")
    world.finish(first)
    assert world.ask("rollback", second).what == first


def test_a_forced_retry_does_not_force_a_later_rollback(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.break_stage(task)
    world.ask("retry", task, FORCE)
    world.serve("p")
    world.begin(task)
    world.ask("rollback", task)
    world.succeed(task)
    assert "forced" not in world.task(task)
    world.finish(task)
