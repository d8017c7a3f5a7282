"""A store beside the ledger is cleared of what nobody goes back to, and of nothing else."""

from __future__ import annotations

import pytest
import redis

from checkpoint import Checkpoint, MemoryCheckpointStore
from orchestrator.client import Client
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.kept_data import CheckpointSettings
from orchestrator.settings.model import Settings
from steps import StepRegistry
from tests.support.in_process import InProcess
from tests.support.say_step import Killed, Say, dies_before_the_record, started


def test_the_clean_up_takes_what_has_no_marker_and_spares_what_runs(
    worker: InProcess, client: Client, store: MemoryCheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = started(worker, "a", "b", plan_id="running")
    kept = started(worker, "a", "fail", plan_id="kept")
    worker.run_all(kept)
    with monkeypatch.context() as patch:
        dies_before_the_record(patch)
        with pytest.raises(Killed):
            worker.run(running, 0)
    for name in ("gone.0", "gone.1"):
        store.save(Checkpoint(name, 1, 1, "RUNNING", 1, "a"))
    clock = [0.0]
    cleaner = CheckpointCleaner(ContainedStore(store, "memory"), worker.reader, 60, clock=lambda: clock[0])

    assert cleaner.step() == 2
    assert store.load_many(["gone.0", "gone.1"]) == {}
    assert set(store.load_many([running.task_id, kept.task_id])) == {running.task_id, kept.task_id}

    # The pass ends with an empty page, and the next one begins when it is due.
    assert cleaner.step() == 0
    store.save(Checkpoint("gone.2", 1, 1, "RUNNING", 1, "a"))
    assert cleaner.step() == 0
    clock[0] = 61.0
    assert cleaner.step() == 1


def test_the_clean_up_does_not_take_what_is_saved_after_it_looked(
    worker: InProcess, store: MemoryCheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Checkpoint("late.0", 1, 1, "RUNNING", 1, "a"))
    look = CheckpointCleaner._without_task

    def look_then_save(self: CheckpointCleaner, task_ids: list[str]) -> frozenset[str]:
        found = look(self, task_ids)
        store.save(Checkpoint("late.0", 2, 1, "RUNNING", 1, "a"))
        return found

    monkeypatch.setattr(CheckpointCleaner, "_without_task", look_then_save)
    CheckpointCleaner(ContainedStore(store, "memory"), worker.reader, 60).step()
    assert store.load("late.0") is not None


def test_only_the_checkpoint_of_a_failed_task_expires(
    redis_client: redis.Redis, settings: Settings, client: Client
) -> None:
    short = settings.model_copy(update={"checkpoint": CheckpointSettings(ttl_seconds=600)})
    with InProcess(redis_client, short, StepRegistry([Say()])) as worker:
        task = started(worker, "a", "fail")
        key = worker.ledger.keys.of("checkpoint", task.task_id)
        worker.run(task, 0)
        assert redis_client.ttl(key) == -1
        worker.run(task, 1)
        assert 0 < int(redis_client.ttl(key)) <= 600
        client.retry(task_id=task.task_id)
        assert redis_client.ttl(key) == -1
        (again,) = worker.admit("p")
        worker.run(again, 1)
        redis_client.delete(key)
        refused = client.retry(task_id=task.task_id)
        assert not refused.accepted
        assert "--from-scratch" in refused.message
