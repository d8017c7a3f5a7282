"""One delivery goes on from stage to stage and from task to task, and stops where it must."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.ledger.records import Admitted
from orchestrator.settings.model import Settings
from steps import Done, Failed, Outcome, PollAgain, Step, StepContext, StepParameters, StepRegistry
from tests.support.fault_world import effect_stage, fault_world
from tests.support.in_process import InProcess
from tests.support.plans import noop_stage, plan, tenant
from workers.next_link import Drop, FailedStage, Proceed, Reschedule
from workers.run_ahead import RunAhead


class NoParameters(StepParameters):
    """None."""


class Act(Step[NoParameters]):
    """Does what the test wants for a tenant's n-th step; ``seen`` are the tenants, step by step."""

    name = "act"
    Parameters = NoParameters
    writes = True
    confirms_health = True

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.acts: dict[tuple[str, int], Callable[[], Outcome | None]] = {}

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        self.seen.append(context.tenant_id)
        act = self.acts.get((context.tenant_id, self.seen.count(context.tenant_id)), lambda: None)
        return act() or Done({"saw": context.config["deploy_unit_version"]})


class Ticks:
    """A clock that is one second further at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


StartWorker = Callable[[RunAhead | None], AbstractContextManager[InProcess]]


@pytest.fixture
def step() -> Act:
    return Act()


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    with Client(settings) as client:
        yield client


@pytest.fixture
def worker(redis_client: redis.Redis, settings: Settings, step: Act) -> StartWorker:
    @contextmanager
    def start(ahead: RunAhead | None) -> Iterator[InProcess]:
        with InProcess(redis_client, settings, StepRegistry([step]), ahead=ahead) as process:
            yield process

    return start


def submitted(process: InProcess, *tenants: str, stages: int = 2, slots: int = 1) -> list[Admitted]:
    acts = [{"name": f"s{index}", "steps": [{"type": "act"}]} for index in range(stages)]
    process.submit(plan("p", [tenant(name) for name in tenants], acts, max_concurrency=slots))
    return process.admit("p")


def states(client: Client) -> list[str]:
    return [str(task.status) for task in client.status("p").tasks]


def asked(result: OperationResult) -> None:
    assert result.accepted


def test_one_message_moves_a_whole_plan(worker: StartWorker, client: Client, step: Act) -> None:
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b", "c")
        assert process.run(task) == Drop()
    assert step.seen == ["a", "a", "b", "b", "c", "c"]
    assert client.status("p").status == "COMPLETED"


def test_without_it_a_message_is_a_stage(worker: StartWorker, client: Client, step: Act) -> None:
    with worker(None) as process:
        (task,) = submitted(process, "a", "b")
        assert process.run(task) == Proceed(Admitted("p.0", "a", task.mode, task.epoch, 1, 2))
        assert step.seen == ["a"]
        assert process.run(task, 1) == Drop()
    assert states(client) == ["COMPLETED", "PENDING"]


def test_when_its_time_is_over_the_rest_is_left_to_messages(worker: StartWorker, client: Client, step: Act) -> None:
    # Looks at 1 (the start), then after each stage: the third stage ends at 4 and is the last.
    with worker(RunAhead(3, clock=Ticks())) as process:
        (task,) = submitted(process, "a", "b")
        following = process.run(task)
        assert isinstance(following, Proceed)
        assert (following.task.task_id, following.task.stage, following.task.legs) == ("p.1", 1, 2)
        assert step.seen == ["a", "a", "b"]
        # At the end of a task nothing is left over: another message finds what waits.
        assert process.run(following.task) == Drop()
    assert client.status("p").status == "COMPLETED"


def test_at_a_stop_the_stage_ends_and_the_rest_is_left_to_messages(
    worker: StartWorker, client: Client, step: Act
) -> None:
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b", stages=3)
        stopping = threading.Event()
        process.runner._stopping = process.runner._steps._stopping = stopping
        step.acts["a", 1] = lambda: stopping.set()
        following = process.run(task)
        assert isinstance(following, Proceed)
        assert (following.task.task_id, following.task.stage) == ("p.0", 1)
    assert step.seen == ["a"]
    assert states(client) == ["RUNNING", "PENDING"]


def test_pause_cancel_and_rollback_act_between_two_stages(worker: StartWorker, client: Client, step: Act) -> None:
    step.acts["a", 1] = lambda: asked(client.pause(task_id="p.0"))
    step.acts["b", 1] = lambda: asked(client.cancel(task_id="p.1"))
    step.acts["c", 1] = lambda: asked(client.rollback(task_id="p.2"))
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b", "c", "d")
        # Turned around under a new epoch, which a message brings.
        assert process.run(task) == Drop()
        assert step.seen == ["a", "b", "c"]
        assert states(client) == ["PAUSED", "CANCELLED", "ROLLING_BACK", "PENDING"]
        back = process.reader.dispatchable("p.2")
        assert back is not None
        assert process.run(back) == Drop()
    assert step.seen == ["a", "b", "c", "c", "d", "d"]
    assert states(client) == ["PAUSED", "CANCELLED", "ROLLED_BACK", "COMPLETED"]


def test_a_poll_ends_the_delivery_wherever_it_is(worker: StartWorker, client: Client, step: Act) -> None:
    step.acts["b", 2] = lambda: PollAgain(5.0, "not yet", {"seen": 1})
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b", "c")
        following = process.run(task)
        assert isinstance(following, Reschedule)
        again = following.task
        assert (again.task_id, again.stage, again.turn, again.legs) == ("p.1", 1, 1, 2)
        assert following.after_seconds == 5.0
        assert process.run(again, turn=1) == Drop()
    assert step.seen == ["a", "a", "b", "b", "b", "c", "c"]
    assert client.status("p").status == "COMPLETED"


def test_a_failure_is_of_the_task_that_failed(worker: StartWorker, client: Client, step: Act) -> None:
    step.acts["b", 1] = lambda: Failed("Broken", "no")
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b")
        assert process.run(task) == Drop(FailedStage("tenant=b stage=s0 turn=0", "tenant=b stage=s0: Broken: no"))
    assert states(client) == ["COMPLETED", "FAILED"]


def test_a_task_that_is_taken_on_in_a_later_form_is_handed_back(
    redis_client: redis.Redis, worker: StartWorker, client: Client, step: Act
) -> None:
    """A newer worker had it before its pause. It begins in the write that ends another one, which looks at no form."""
    step.acts["a", 1] = lambda: asked(client.pause(task_id="p.0"))
    with worker(RunAhead(60)) as process:

        def resume_in_a_later_form() -> None:
            asked(client.resume(task_id="p.0"))
            redis_client.set(process.ledger.keys.of("checkpoint", "p.0"), '{"format":99}')

        step.acts["b", 1] = resume_in_a_later_form
        (task,) = submitted(process, "a", "b")
        following = process.run(task)
        assert isinstance(following, Reschedule)
        assert following.task.task_id == "p.0"
        kept = json.loads(process.reader.task_records(["p.0"])[0]["handedBack"])
    assert (kept["why"], kept["what"]) == ("checkpoint", "99")
    assert step.seen == ["a", "b", "b"]


def test_outputs_of_earlier_stages_are_kept_as_from_messages(
    redis_client: redis.Redis, worker: StartWorker, step: Act
) -> None:
    kept = []
    for ahead in (RunAhead(60), None):
        with worker(ahead) as process:
            step.seen.clear()
            step.acts["a", 3] = lambda: Failed("Broken", "no")
            (task,) = submitted(process, "a", stages=3)
            process.run_all(task)
            kept.append(redis_client.get(process.ledger.keys.of("checkpoint", "p.0")))
            redis_client.flushdb()
    assert kept[0] == kept[1]
    assert kept[0] is not None


def test_a_turn_in_other_hands_goes_no_further(
    redis_client: redis.Redis, worker: StartWorker, client: Client, step: Act
) -> None:
    with worker(RunAhead(60)) as process:
        (task,) = submitted(process, "a", "b")

        def lose() -> None:
            redis_client.zadd(process.ledger.keys.of("leases_running"), {"p.0": 1})
            process.ledger.call("sweep_running", 10, 2, 10)

        step.acts["a", 1] = lose
        assert process.run(task) == Drop()
    assert step.seen == ["a"]
    assert states(client) == ["RUNNING", "PENDING"]


@pytest.mark.parametrize(
    ("pool", "settings"),
    [("threads", {}), ("prefork", {"CHANGEOVER_RUN_AHEAD_SECONDS": "0.001"}), ("solo", {"CHANGEOVER_RUN_AHEAD": "no"})],
)
def test_every_pool_with_polls_in_between(tmp_path: Path, pool: str, settings: dict[str, Any]) -> None:
    """Tasks that were taken on without a message poll, and go on by chains that their worker publishes."""
    with fault_world(tmp_path, **settings) as world:
        world.instances.polls_needed, world.instances.poll_seconds = 1, 0.05
        started = [world.cluster.start_coordinator(), world.cluster.start_worker(pool=pool, concurrency=2)]
        world.cluster.wait_alive(started)
        stages = [noop_stage("begins"), effect_stage("one"), noop_stage("goes-on"), effect_stage("two")]
        world.submit(8, stages, max_concurrency=2)
        assert world.wait().status == "COMPLETED"
        assert world.recoveries() == []
        assert set(world.instances.counts().values()) == {1}
        world.assert_holds([1, 3])
