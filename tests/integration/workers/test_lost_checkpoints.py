"""A checkpoint that its store has no more: how the stage fails, what is refused after it, and what goes on."""

from __future__ import annotations

import pytest
import redis

from checkpoint import MemoryCheckpointStore
from orchestrator.client import Client
from orchestrator.ledger.records import Admitted
from orchestrator.settings.model import Settings
from tests.support.in_process import InProcess
from tests.support.long import mostly_long
from tests.support.say_step import Say, started
from workers.next_link import Drop, Proceed


def failure(client: Client, task: Admitted) -> tuple[str, str]:
    info = client.task_status(task.task_id).failure_info
    assert info is not None
    return info.type, info.message


def test_a_task_whose_checkpoint_is_lost_fails_and_says_what_helps(
    worker: InProcess, client: Client, step: Say, store: MemoryCheckpointStore
) -> None:
    task = started(worker, "a", "b")
    worker.run(task, 0)
    store.delete(task.task_id)

    assert isinstance(worker.run(task, 1), Drop)

    kind, message = failure(client, task)
    assert kind == "CheckpointLost"
    assert "--from-scratch" in message
    assert step.said == ["a"]
    for refused in (client.retry(task_id=task.task_id), client.retry(plan_id="p")):
        assert (refused.accepted, "--from-scratch" in refused.message) == (False, True), refused
    skipped = client.skip_stage(task_id=task.task_id, reason="known")
    assert (skipped.accepted, "its store had lost its checkpoint" in skipped.message) == (False, True), skipped
    of_plan = "changeover retry --plan p --stage stage-b --cause CheckpointLost --from-scratch"
    of_task = f"changeover retry --task {task.task_id} --from-scratch"
    for explained, command in ((client.explain(plan_id="p"), of_plan), (client.explain(task_id=task.task_id), of_task)):
        told = [named for remark in explained.remarks for named in remark.commands]
        assert command in told
        assert not [one for one in told if " retry " in one and "--from-scratch" not in one], told
    assert client.task_status(task.task_id).retry_count == 0
    client.retry(task_id=task.task_id, from_checkpoint=False)
    (again,) = worker.admit("p")
    worker.run_all(again)
    assert client.wait("p", timeout_seconds=5).status == "COMPLETED"


def test_a_store_put_back_from_an_old_backup_is_told(
    worker: InProcess, client: Client, step: Say, store: MemoryCheckpointStore
) -> None:
    task = started(worker, "a", "b", "c")
    worker.run(task, 0)
    backup = store.load(task.task_id)
    worker.run(task, 1)
    whole = store.load(task.task_id)
    store.delete(task.task_id)
    assert backup is not None
    assert whole is not None
    store.save(backup)

    worker.run(task, 2)

    assert failure(client, task)[0] == "CheckpointLost"
    store.save(whole)
    assert client.retry(task_id=task.task_id, force=True).accepted
    (again,) = worker.admit("p")
    worker.run(again, 2)
    assert client.task_status(task.task_id).status == "COMPLETED"
    assert step.said == ["a", "b", "c"]


@pytest.mark.parametrize("damaged", [False, True])
def test_a_way_back_whose_checkpoint_is_lost_begins_anew(
    worker: InProcess, client: Client, step: Say, store: MemoryCheckpointStore, damaged: bool
) -> None:
    task = started(worker, "a", "b", "fail")
    worker.run_all(task)
    client.rollback(task_id=task.task_id)
    (back,) = worker.admit("p")
    step.failing = False
    worker.run(back, 0)
    if damaged:
        worker.ledger.client.set(worker.ledger.keys.of("checkpoint", task.task_id), "[]")
    else:
        store.delete(task.task_id)
    worker.run(back, 1)
    kind, message = failure(client, task)
    assert (kind, client.task_status(task.task_id).status) == ("CheckpointLost", "ROLLBACK_FAILED")
    assert f"`changeover rollback --task {task.task_id}` begins the way back anew" in message
    client.rollback(task_id=task.task_id)
    (back,) = worker.admit("p")
    worker.run_all(back)
    found = client.task_status(task.task_id)
    assert found.status == "ROLLED_BACK", found
    assert step.said == ["a", "b", "fail", "fail", "fail", "b", "a"]


@pytest.mark.parametrize("value", ["x", mostly_long(["[1]"])[0], mostly_long(['{"outputs": 1}'])[0]])
def test_a_checkpoint_that_a_hand_has_damaged_is_named(
    worker: InProcess, redis_client: redis.Redis, settings: Settings, step: Say, value: str
) -> None:
    task = started(worker, "a", "b")
    assert isinstance(worker.run(task, 0), Proceed)
    redis_client.set(worker.ledger.keys.of("checkpoint", task.task_id), value)
    assert isinstance(worker.run(task, 1), Drop)
    with Client(settings) as client:
        kind, message = failure(client, task)
    assert (kind, step.said) == ("CheckpointLost", ["a"])
    assert f"the stored checkpoint of tenant t-p is {value!r}, expected a JSON object" in message
    assert "`changeover retry --task p.0 --from-scratch` starts over" in message
