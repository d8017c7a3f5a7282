"""Checkpoints of a poll round, and of what a lost worker had, come from a store beside the ledger in few look-ups."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from checkpoint import Checkpoint, CheckpointStoreUnavailable, MemoryCheckpointStore
from orchestrator.client import Client
from orchestrator.ledger.records import Admitted, Turn, admitted_row
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.model import Settings
from steps import Outcome, PollAgain, Step, StepContext, StepParameters, StepRegistry
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from tests.support.say_step import Say, at_once
from tests.support.waiting import wait_until
from workers.checkpoints import StoreCheckpoints
from workers.next_link import Next, Proceed, Reschedule
from workers.turn_run import Run

COUNT = 5
STAGES = [
    {"name": "say", "steps": [{"type": "say", "word": "hello"}]},
    {"name": "wait", "steps": [{"type": "wait-on"}]},
]


class NoParameters(StepParameters):
    """None."""


class WaitOn(Step[NoParameters]):
    """Polls for ever."""

    name = "wait-on"
    Parameters = NoParameters

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        return PollAgain(3.0, "not yet")


class Counted(MemoryCheckpointStore):
    """Real, and counts what it is asked; away for the next ``away`` batches."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0
        self.batches: list[int] = []
        self.single = 0
        self.damaged: dict[str, str] = {}
        self.fault: Exception | None = None
        self.let_go = threading.Event()
        self.let_go.set()

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        if self.away:
            self.away -= 1
            raise CheckpointStoreUnavailable("db at 10.0.0.1 does not answer")
        self.batches.append(len(task_ids))
        if self.fault:
            raise self.fault
        self._read_damaged(task_ids)
        return {
            task_id: kept for task_id in task_ids if (kept := super(Counted, self).load_many([task_id]).get(task_id))
        }

    def load(self, task_id: str) -> Checkpoint | None:
        self.single += 1
        assert self.let_go.wait(30)
        self._read_damaged([task_id])
        return super().load_many([task_id]).get(task_id)

    def _read_damaged(self, task_ids: Sequence[str]) -> None:
        for task_id in task_ids:
            if task_id in self.damaged:
                Checkpoint.from_json(self.damaged[task_id])


@pytest.fixture
def store() -> Counted:
    return Counted()


@pytest.fixture
def checkpoints(store: Counted) -> StoreCheckpoints:
    return StoreCheckpoints(ContainedStore(store, "memory"), at_once)


@pytest.fixture
def worker(redis_client: redis.Redis, settings: Settings, checkpoints: StoreCheckpoints) -> Iterator[InProcess]:
    with InProcess(redis_client, settings, StepRegistry([Say(), WaitOn()]), checkpoints) as worker:
        yield worker


def polling(worker: InProcess, store: Counted) -> list[Turn]:
    """A plan whose tasks have recorded a stage and polled once in the next; their turns, due now."""
    worker.submit(plan("p", [tenant(f"t{number}") for number in range(COUNT)], STAGES, COUNT))
    turns = []
    for task in worker.admit("p"):
        assert isinstance(worker.run(task, 0), Proceed)
        assert isinstance(worker.run(task, 1), Reschedule)
        turns.append(Turn(task.task_id, task.epoch, 1, 1))
        worker.ledger.client.hset(worker.ledger.keys.of("task", task.task_id), "dueAt", 0)
    store.batches.clear()
    store.single = 0
    return turns


def outputs(worker: InProcess, begun: Sequence[object]) -> list[object]:
    """What the steps of each could read."""
    found: list[object] = []
    for run in begun:
        assert isinstance(run, Run)
        worker.runner.run_polled(run)
        found.append(run.outputs)
    return found


def test_one_look_up_serves_a_whole_round(worker: InProcess, store: Counted) -> None:
    begun = worker.runner.begin_round(polling(worker, store))
    assert outputs(worker, begun) == [{"say": {"0": {"word": "hello"}}}] * COUNT
    assert (store.batches, store.single) == ([COUNT], 0)


def test_a_store_that_is_away_is_waited_for_by_each(worker: InProcess, store: Counted) -> None:
    turns = polling(worker, store)
    store.away = 1
    begun = worker.runner.begin_round(turns)
    assert outputs(worker, begun) == [{"say": {"0": {"word": "hello"}}}] * COUNT
    assert (store.batches, store.single) == ([], COUNT)


def test_one_that_is_lost_is_no_matter_of_the_others(worker: InProcess, store: Counted, client: Client) -> None:
    turns = polling(worker, store)
    store.delete(turns[0].task_id)
    for run in worker.runner.begin_round(turns):
        assert isinstance(run, Run)
        worker.runner.run_polled(run)
    told = [(row.status, row.failure_info and row.failure_info.type) for row in client.status("p").tasks]
    assert told == [("FAILED", "CheckpointLost"), *[("RUNNING", None)] * (COUNT - 1)]


def test_one_that_is_damaged_is_no_matter_of_the_others(worker: InProcess, store: Counted, client: Client) -> None:
    turns = polling(worker, store)
    store.damaged = {turns[0].task_id: "{no json", turns[1].task_id: "[1]", turns[2].task_id: '{"epoch": 1}'}
    for run in worker.runner.begin_round(turns):
        assert isinstance(run, Run)
        worker.runner.run_polled(run)
    rows = client.status("p").tasks
    assert [row.status for row in rows] == ["FAILED"] * 3 + ["RUNNING"] * 2
    for row in rows[:3]:
        assert row.failure_info is not None
        assert row.failure_info.type == "CheckpointLost"
        assert f"changeover retry --task {row.task_id} --from-scratch" in row.failure_info.message


def test_a_fault_of_the_look_up_is_each_ones_own(worker: InProcess, store: Counted) -> None:
    turns = polling(worker, store)
    store.fault = AttributeError("of a store of one's own")
    begun = worker.runner.begin_round(turns)
    assert outputs(worker, begun) == [{"say": {"0": {"word": "hello"}}}] * COUNT


def recovered(worker: InProcess, store: Counted) -> list[Admitted]:
    """What a worker had that is lost: stages that were under way, each to be published as a message of its own."""
    turns = polling(worker, store)
    worker.runner.begin_round(turns)
    store.batches.clear()
    for turn in turns:
        worker.ledger.client.zadd(worker.ledger.keys.of("leases_running"), {turn.task_id: 1}, xx=True)
    _, rows, _ = worker.ledger.call("sweep_running", COUNT, 2**50, COUNT)
    assert len(rows) == COUNT
    return [admitted_row(row) for row in rows]


def test_messages_of_a_lost_worker_that_come_at_once_share_a_look_up(
    worker: InProcess, store: Counted, checkpoints: StoreCheckpoints
) -> None:
    """Each in a slot of its own; while the first is looked up the others come, and are looked up together."""
    tasks = recovered(worker, store)
    store.let_go.clear()

    def run(task: Admitted) -> Next:
        return worker.run(task, turn=task.turn)

    with ThreadPoolExecutor(COUNT) as slots:
        following = [slots.submit(run, tasks[0])]
        wait_until(lambda: store.single == 1, 20)
        following += [slots.submit(run, task) for task in tasks[1:]]
        wait_until(lambda: checkpoints.joined.waiting() == COUNT - 1, 20)
        store.let_go.set()
        assert all(isinstance(one.result(), Reschedule) for one in following)
    assert (store.single, store.batches) == (1, [COUNT - 1])
