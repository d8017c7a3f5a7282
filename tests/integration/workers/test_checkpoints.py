"""A store beside the ledger when things go wrong between the two writes: the ledger's recorded stages are the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from checkpoint import Checkpoint, CheckpointStoreUnavailable, CheckpointTooNew, MemoryCheckpointStore
from orchestrator.client import Client
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.ledger.records import Admitted, Turn, TurnRecord
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.model import Settings
from steps import StepRegistry
from tests.support.in_process import InProcess
from tests.support.say_step import Killed, Say, at_once, dies_before_the_record, started
from workers.checkpoints import LedgerCheckpoints, StoreCheckpoints
from workers.next_link import Drop, Proceed, Reschedule


def recovered(worker: InProcess, redis_client: redis.Redis, task: Admitted) -> Admitted:
    """What the sweep makes of a running turn whose lease is over."""
    redis_client.zadd(worker.ledger.keys.of("leases_running"), {task.task_id: 1})
    worker.ledger.call("tick", "another", 0, 0)
    redis_client.hdel(worker.ledger.keys.of("clock"), "sweepNotBefore")
    worker.ledger.call("sweep_running", 10, 2, 10)
    found = worker.reader.dispatchable(task.task_id)
    assert found is not None
    assert found.epoch > task.epoch
    return found


def failure(client: Client, task: Admitted) -> tuple[str, str]:
    info = client.task_status(task.task_id).failure_info
    assert info is not None
    return info.type, info.message


def test_a_checkpoint_ahead_of_the_ledger_is_cut_back(
    worker: InProcess,
    redis_client: redis.Redis,
    step: Say,
    store: MemoryCheckpointStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = started(worker, "a", "b", "c")
    assert isinstance(worker.run(task, 0), Proceed)
    with monkeypatch.context() as patch:
        dies_before_the_record(patch)
        with pytest.raises(Killed):
            worker.run(task, 1)
    ahead = store.load(task.task_id)
    assert ahead is not None
    assert (ahead.epoch, ahead.completed_stages, list(ahead.outputs)) == (task.epoch, 2, ["stage-a", "stage-b"])

    again = recovered(worker, redis_client, task)
    loaded: list[Any] = []
    outputs = worker.runner._checkpoints.outputs

    def outputs_seen(turn: Turn, record: TurnRecord, fetched: Checkpoint | None) -> Mapping[str, Any]:
        loaded.append(outputs(turn, record, fetched))
        return outputs(turn, record, fetched)

    monkeypatch.setattr(worker.runner._checkpoints, "outputs", outputs_seen)
    worker.run_all(again)

    assert step.said == ["a", "b", "b", "c"]
    assert loaded[0] == {"stage-a": {"0": {"word": "a"}}}
    assert store.load(task.task_id) is None


def test_a_worker_that_was_given_up_cannot_put_its_checkpoint_over_the_newer_one(
    worker: InProcess, redis_client: redis.Redis, store: MemoryCheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = started(worker, "a", "b")
    keep = worker.runner._checkpoints.keep
    late: list[Checkpoint] = []

    def die_with(checkpoint: Checkpoint) -> str:
        late.append(checkpoint)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(worker.runner._checkpoints, "keep", die_with)
        with pytest.raises(Killed):
            worker.run(task, 0)
    again = recovered(worker, redis_client, task)
    assert isinstance(worker.run(again, 0), Proceed)

    keep(late[0])

    kept = store.load(task.task_id)
    assert kept is not None
    assert kept.epoch == again.epoch


def test_rollback_and_its_retry_keep_and_delete_theirs(
    worker: InProcess, client: Client, step: Say, store: MemoryCheckpointStore
) -> None:
    task = started(worker, "a", "b", "fail")
    worker.run_all(task)
    forward = store.load(task.task_id)
    assert forward is not None
    assert (forward.mode, forward.completed_stages) == ("RUNNING", 2)

    client.rollback(task_id=task.task_id)
    (back,) = worker.admit("p")
    worker.run(back, 0)
    assert client.task_status(task.task_id).status == "ROLLBACK_FAILED"
    step.failing = False
    client.rollback(task_id=task.task_id)
    (back,) = worker.admit("p")
    worker.run(back, 0)
    kept = store.load(task.task_id)
    assert kept is not None
    assert (kept.mode, kept.completed_stages) == ("ROLLING_BACK", 1)
    worker.run(back, 1)
    worker.run(back, 2)

    assert client.task_status(task.task_id).status == "ROLLED_BACK"
    assert step.said == ["a", "b", "fail", "fail", "fail", "b", "a"]
    assert store.load(task.task_id) is None


def test_workers_with_another_store_than_the_task_was_begun_with(
    redis_client: redis.Redis, settings: Settings, client: Client, store: MemoryCheckpointStore
) -> None:
    in_store = StoreCheckpoints(ContainedStore(store, "memory"), at_once)
    registry = StepRegistry([Say()])
    with (
        InProcess(redis_client, settings, registry, in_store) as one,
        InProcess(redis_client, settings, registry, LedgerCheckpoints()) as other,
    ):
        # From the ledger to a store: what the ledger has is simply taken over.
        task = started(other, "a", "b", "c", plan_id="to-store")
        other.run(task, 0)
        one.run(task, 1)
        kept = store.load(task.task_id)
        assert kept is not None
        assert list(kept.outputs) == ["stage-a", "stage-b"]
        # The other way round the outputs are out of reach, and that is said.
        other.run(task, 2)
        kind, message = failure(client, task)
        assert kind == "CheckpointElsewhere"
        assert "kept in the store 'memory'" in message


@pytest.mark.parametrize("beside", [True, False])
def test_a_checkpoint_past_the_limit_fails_its_stage(
    redis_client: redis.Redis, settings: Settings, client: Client, beside: bool
) -> None:
    small = (
        StoreCheckpoints(ContainedStore(MemoryCheckpointStore(2000), "memory"), at_once)
        if beside
        else LedgerCheckpoints(2000)
    )
    with InProcess(redis_client, settings, StepRegistry([Say()]), small) as worker:
        task = started(worker, "a", "x" * 100 + "b" * 2000)
        assert isinstance(worker.run(task, 0), Proceed)
        assert isinstance(worker.run(task, 1), Drop)
    kind, message = failure(client, task)
    assert kind == "CheckpointTooLarge"
    assert "2000 are allowed (checkpoint.size_limit_bytes)" in message


class Newer(MemoryCheckpointStore):
    """Real, and of what a newer release has written."""

    said = "a checkpoint of format 2, written by plantedsecret9431"

    def load(self, task_id: str) -> Checkpoint | None:
        raise CheckpointTooNew(self.said)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        raise CheckpointTooNew(self.said)


def test_why_a_turn_is_handed_back_holds_no_secret_of_the_stores_words(
    redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values(["plantedsecret9431"]))
    kept = StoreCheckpoints(ContainedStore(Newer(), "memory"), at_once)
    with InProcess(redis_client, settings, StepRegistry([Say()]), kept) as worker:
        task = started(worker, "a", "b")
        assert isinstance(worker.run(task, 0), Proceed)
        with capture_logs() as lines:
            assert isinstance(worker.run(task, 1), Reschedule)
    said = Newer.said.replace("plantedsecret9431", "***")
    assert [line["what"] for line in lines if line.get("action") == "handed-back"] == [said]
    known = redis_client.hgetall(worker.ledger.keys.of("task", task.task_id))
    assert said in str(known)
    assert "plantedsecret9431" not in str(known)


class Away(MemoryCheckpointStore):
    """Real, but not there for the next ``calls`` calls of save, load or delete."""

    calls = 0

    def _answer(self) -> None:
        if self.calls:
            self.calls -= 1
            raise CheckpointStoreUnavailable("db at 10.0.0.1 does not answer")

    def save(self, checkpoint: Checkpoint) -> bool:
        self._answer()
        return super().save(checkpoint)

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        self._answer()
        super().delete(task_id, epoch)


def test_a_store_that_is_away_is_waited_for_and_then_named(
    redis_client: redis.Redis, settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers import patience

    store = Away()
    checkpoints = StoreCheckpoints(ContainedStore(store, "away"), patience.patiently_stored)
    with InProcess(redis_client, settings, StepRegistry([Say()]), checkpoints) as worker:
        task = started(worker, "a", "b", "c")
        store.calls = 2
        assert isinstance(worker.run(task, 0), Proceed)
        monkeypatch.setattr(patience, "RECORD_SECONDS", 0.0)
        store.calls = 10
        assert isinstance(worker.run(task, 1), Drop)
        assert failure(client, task)[0] == "CheckpointStoreUnavailable"
        # Nobody waits for a delete: the end is recorded, and the clean-up does what is left.
        store.calls = 0
        client.retry(task_id=task.task_id)
        (again,) = worker.admit("p")
        worker.run(again, 1)
        store.calls = 0
        monkeypatch.setattr(Away, "delete", lambda *_: (_ for _ in ()).throw(CheckpointStoreUnavailable("gone")))
        worker.run(again, 2)
        monkeypatch.undo()
        assert client.task_status(task.task_id).status == "COMPLETED"
        assert store.load(task.task_id) is not None
        assert CheckpointCleaner(ContainedStore(store, "memory"), worker.reader, 60).step() == 1
        assert store.load(task.task_id) is None
