"""A worker that is handed a cursor which a hand has damaged fails that stage by name, and a retry runs it anew."""

from __future__ import annotations

import pytest

from orchestrator.client import Client
from orchestrator.ledger.records import Turn
from tests.support.in_process import InProcess
from tests.support.say_step import Say, started


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("garbage", "is 'garbage'"),
        ('{"step":"x"}', 'has step "x"'),
        # Behind the last step: none would be run, and the stage count as done.
        ('{"step":1}', "has step 1"),
        ('{"step":99,"attempt":0}', "has step 99"),
    ],
)
def test_it_is_named(worker: InProcess, step: Say, client: Client, text: str, wrong: str) -> None:
    task = started(worker, "a")
    key = worker.ledger.keys.of("task", task.task_id)
    # As a poll has left it.
    begun, _ = worker.ledger.begin(Turn(task.task_id, task.epoch, 0, 0), "another")
    assert begun == "BEGUN"
    worker.ledger.poll_again(Turn(task.task_id, task.epoch, 0, 0), 0.001, '{"step":0}')
    worker.ledger.client.hset(key, mapping={"cursor": text, "dueAt": 0})
    worker.run(task, 0, 1)
    found = client.task_status(task.task_id)
    assert (found.status, found.failure_info and found.failure_info.type) == ("FAILED", "DamagedData")
    assert found.failure_info is not None
    assert f"the stored cursor of tenant t-p {wrong}, expected " in found.failure_info.message
    assert client.retry(task_id=task.task_id).accepted
    (again,) = worker.admit("p")
    worker.run_all(again)
    assert (step.said, client.task_status(task.task_id).status) == (["a"], "COMPLETED")
