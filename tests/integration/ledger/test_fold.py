"""The fold of the log is the ledger's state (I7): after every step of every kind of history, and from every cut on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from orchestrator.domain.events import EVENT_TYPES, NamespaceEvent
from orchestrator.domain.fold import LogFold, fold
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.history import check_history, read_dump, read_log
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.agreed_lists import must_agree
from tests.support.ledger_world import LedgerWorld

SCRATCH = Order("ada", "because", from_scratch=True)
History = Callable[[LedgerWorld], Iterator[None]]
"""Drives a ledger; yields wherever the fold is compared with it."""


def retry_of_a_plan(world: LedgerWorld) -> Iterator[None]:
    tasks = world.started("p", ["a", "b", "c"])
    world.stage(tasks[0])
    for task in tasks:
        world.break_stage(task)
    yield
    for task in tasks[:2]:
        world.ask("retry", task)
        yield
    world.ask("retry", tasks[2], SCRATCH)
    world.serve("p")
    yield
    for task in tasks:
        world.finish(task)
        yield


def rollback_of_a_plan(world: LedgerWorld) -> Iterator[None]:
    tasks = world.started("p", ["a", "b", "c", "d"], max_concurrency=3)
    world.finish(tasks[0])
    world.stage(tasks[1])
    world.begin(tasks[2])
    world.ask("rollback", "p")
    yield
    world.serve("p")
    yield
    world.succeed(tasks[2])
    world.serve("p")
    yield
    for task in tasks[:3]:
        world.begin(task)
        yield
        world.succeed(task)
        if world.status(task) == TaskState.ROLLING_BACK:
            world.finish(task)
        yield


def rollback_that_fails_and_goes_on(world: LedgerWorld) -> Iterator[None]:
    (task,) = world.started("p", ["a"])
    world.finish(task)
    world.ask("rollback", task)
    world.serve("p")
    world.stage(task)
    world.break_stage(task)
    yield
    world.ask("rollback", task)
    world.serve("p")
    yield
    world.finish(task)
    yield
    world.ask("retry", task, SCRATCH)
    yield


def reopen(world: LedgerWorld) -> Iterator[None]:
    first, second = world.started("p", ["a", "b"])
    world.finish(first)
    world.break_stage(second)
    yield
    world.ask("rollback", first)
    yield
    world.ask("cancel", first)
    yield
    world.ask("retry", second)
    world.serve("p")
    yield
    world.finish(second)
    yield


def abandoned_draft(world: LedgerWorld) -> Iterator[None]:
    world.started("q", ["z"])
    world.open("p", 150)
    chunk = [(f"t{i}", "{}") for i in range(100)]
    world.ledger.write_chunk("p", "d", 0, chunk)
    yield
    while world.ledger.call("abandon_draft", 0, 60)[0] == "MORE":
        pass
    yield
    world.started("p", ["a"])
    yield


def cancel_in_chunks(world: LedgerWorld) -> Iterator[None]:
    tasks = world.started("p", [f"t{i}" for i in range(8)], max_concurrency=2)
    world.begin(tasks[0])
    world.ask("pause", tasks[5])
    world.ask("cancel", "p")
    yield
    for _ in range(4):
        world.operations.cancel_chunk("p", 2)
        yield
    world.succeed(tasks[0])
    yield
    world.begin(tasks[1])
    yield


def pauses(world: LedgerWorld) -> Iterator[None]:
    running, alone, waiting = world.started("p", ["a", "b", "c"], max_concurrency=2)
    world.begin(running)
    world.ask("pause", alone)
    world.ask("pause", "p")
    yield
    world.begin(alone)
    world.succeed(running)
    yield
    world.ask("pause", running)
    yield
    world.ask("resume", "p")
    world.serve("p")
    yield
    world.ask("pause", waiting)
    world.ask("resume", waiting)
    world.ask("resume", alone)
    yield
    world.begin(waiting)
    world.ask("pause", "p")
    world.succeed(waiting)
    world.serve("p")
    yield
    world.ask("rollback", waiting)
    world.ask("resume", "p")
    world.serve("p")
    yield


def plan_resumed(world: LedgerWorld) -> Iterator[None]:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask("pause", "p")
    world.succeed(task)
    yield
    world.ask("resume", "p")
    yield


def plan_resumed_around_a_pause_of_its_own(world: LedgerWorld) -> Iterator[None]:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask("pause", task)
    world.succeed(task)
    world.ask("pause", "p")
    world.ask("resume", "p")
    yield


def held_by_another(world: LedgerWorld) -> Iterator[None]:
    (holder,) = world.started("first", ["a"])
    waiter, _ = world.started("p", ["a", "b"], max_concurrency=2)
    yield
    world.begin(holder)
    world.expire("leases_running", holder)
    world.ledger.call("sweep_running", 10, 2, 10)
    yield
    world.finish(holder)
    world.serve("p")
    yield
    world.ask("cancel", waiter)
    world.begin(waiter)
    yield


def creation_in_waves(world: LedgerWorld) -> Iterator[None]:
    rules = FleetRules(2, None, "pause", (Wave("first", 1), Wave("rest", 1)))
    world.plan("p", ["a", "b"], rules=rules, wave_of=[0, 1])
    yield


HISTORIES: tuple[History, ...] = (
    creation_in_waves,
    retry_of_a_plan,
    rollback_of_a_plan,
    rollback_that_fails_and_goes_on,
    reopen,
    abandoned_draft,
    cancel_in_chunks,
    pauses,
    plan_resumed,
    plan_resumed_around_a_pause_of_its_own,
    held_by_another,
)


COMES_BY: dict[History, str] = {
    retry_of_a_plan: "OperationRequested PlanCreated PlanReady PlanStarted PlanProgress PlanReopened PlanCompleted "
    "PlanFailed TaskCreated TaskStarted TaskProgress TaskCompleted TaskFailed TaskRetryStarted TaskRetryCompleted "
    "TaskStageStarted TaskStageSucceeded TaskStageFailed",
    rollback_of_a_plan: "PlanRollingBack PlanRolledBack TaskRollingBack TaskRolledBack TaskCancelled "
    "TaskStageRollingBack TaskStageRolledBack",
    rollback_that_fails_and_goes_on: "TaskRollbackFailed TaskStageRollbackFailed",
    abandoned_draft: "PlanValidationFailed",
    cancel_in_chunks: "PlanCancelled",
    pauses: "PlanPaused PlanResumed TaskPaused TaskResumed",
    held_by_another: "TaskWaiting TaskRecovered",
}
"""What each history has to bring, in all every event of a plan but these:"""

COMES_ELSEWHERE = {
    "test_waves.py": "PlanWaveStarted PlanWaveSoaking PlanWaveCompleted PlanGateWaiting PlanGateApproved "
    "PlanGateRejected TaskSoakFailed",
    "test_answered_failures.py": "PlanBreakerTripped TaskFailureAccepted TaskStageSkipped",
    "test_plan_rollback.py": "PlanRollbackFailed",
    "test_retention.py": "PlanPurged",
}
"""Modules beside this one that have them: their ``world`` is judged at each test's end."""


def test_every_event_of_a_plan_comes_by_some_history() -> None:
    assert all((Path(__file__).parent / name).exists() for name in COMES_ELSEWHERE)
    assert COMES_BY.keys() <= set(HISTORIES), "what a history brings is looked at only if it is in HISTORIES"
    must_agree(
        [model.__name__ for model in EVENT_TYPES if not issubclass(model, NamespaceEvent)],
        " ".join([*COMES_BY.values(), *COMES_ELSEWHERE.values()]).split(),
        lacking="{} comes by no history: one in HISTORIES, and its name in COMES_BY; or where else it comes",
        left_over="{} is said to come by a history, and is no event of a plan",
    )


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_the_fold_is_the_ledger(redis_client: redis.Redis, settings: Settings, history: History) -> None:
    world = LedgerWorld(redis_client, settings)
    for _ in history(world):
        dump = read_dump(world.client, world.keys)
        events = list(read_log(world.reader))
        whole = check_history(events, dump, ended=False)
        assert whole.holds, str(whole)
        for start in range(1, len(events)):
            cut = check_history(events[start:], dump, ended=False, is_cut=True)
            assert cut.holds, f"cut before event {start + 1}:\n{cut}"
    assert set(COMES_BY.get(history, "").split()) <= {event.type for event in events}


def test_what_has_been_seen_changes_nothing(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.break_stage(task)
    events = list(read_log(world.reader))
    twice = LogFold()
    for event in [*events, *events]:
        twice.apply(event)
    assert twice.plans == fold(events).plans
    assert twice.plans["p"].state is PlanState.FAILED
    assert twice.plans["p"].counts[TaskState.FAILED] == 1
