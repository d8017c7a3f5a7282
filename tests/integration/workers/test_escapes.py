"""User's code that raises what is no ``Exception`` fails its stage, named; nothing of it takes a slot along."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from celery.exceptions import Retry
from structlog.testing import capture_logs

from checkpoint import Checkpoint, CheckpointTooNew, MemoryCheckpointStore
from orchestrator.client import Client
from orchestrator.domain.errors import TooOld
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.model import Settings
from steps import Outcome, Step, StepContext, StepParameters, StepRegistry
from steps.raised import Escaped
from steps.told import words_of
from tests.support.hostile_errors import HOSTILE
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from tests.support.say_step import Say, say
from workers.checkpoints import StoreCheckpoints
from workers.middleware import Chain, Middleware, StageInfo
from workers.next_link import StageFailed
from workers.patience import patiently_stored
from workers.slot_guard import gives_slot_back

OWN = [SystemExit("bye"), asyncio.CancelledError("bye"), GeneratorExit("bye")]


class NoParameters(StepParameters):
    """None."""


class Leave(Step[NoParameters]):
    name = "leave"
    Parameters = NoParameters

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        raise self.error


class Gone(Middleware):
    def before_stage(self, stage: StageInfo) -> None:
        raise SystemExit("bye")


class LateGone(Middleware):
    def after_stage(self, stage: StageInfo, outcome: Outcome) -> None:
        raise SystemExit("bye")


class Store(MemoryCheckpointStore):
    def save(self, checkpoint: Checkpoint) -> bool:
        raise SystemExit("bye")


def ended(process: InProcess, client: Client, plan_id: str, stages: list[dict[str, Any]]) -> tuple[str, str, str]:
    process.submit(plan(plan_id, [tenant(f"t-{plan_id}")], stages))
    (task,) = process.admit(plan_id)
    process.run(task)
    status = client.task_status(f"{plan_id}.0")
    info = status.failure_info
    return (status.status, info.type, info.message) if info else (status.status, "", "")


def test_a_step_that_raises_it_fails(client: Client, redis_client: redis.Redis, settings: Settings) -> None:
    step = Leave(OWN[0])
    with InProcess(redis_client, settings, StepRegistry([step])) as process:
        for number, step.error in enumerate(OWN):
            found = ended(process, client, f"p{number}", [{"name": "s", "steps": [{"type": "leave"}]}])
            assert found == ("FAILED", "StepError", f"{type(step.error).__name__}: bye")


def test_a_step_whose_error_is_code_of_its_own_fails(
    client: Client, redis_client: redis.Redis, settings: Settings
) -> None:
    step = Leave(OWN[0])
    stages = [{"name": "s", "steps": [{"type": "leave"}]}]
    with InProcess(redis_client, settings, StepRegistry([step])) as process:
        for name in ("words-raise-it-again", "all-parts-leave", "notes-leave", "class-leaves", "long-chain"):
            step.error = HOSTILE[name]()
            # As a worker's log takes it, which asks nothing of the error.
            with capture_logs() as lines:
                status, kind, message = ended(process, client, name, stages)
            assert (status, kind) == ("FAILED", "StepError"), name
            assert "step-raised" in [line["action"] for line in lines]
            assert message[:100] == words_of(step.error)[:100]


def test_middlewares_stores_and_strategies_that_raise_it_are_named(
    client: Client, redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = StepRegistry([Say()])
    with InProcess(redis_client, settings, registry, middlewares=Chain([Gone(settings)])) as process:
        status, kind, message = ended(process, client, "middleware", say("a"))
        assert (status, kind) == ("FAILED", "MiddlewareError")
        assert message.endswith(".Gone, before the stage: SystemExit: bye")
    with InProcess(redis_client, settings, registry, middlewares=Chain([LateGone(settings)])) as process:
        assert ended(process, client, "late", say("a"))[0] == "COMPLETED"
    kept = StoreCheckpoints(ContainedStore(Store(), "memory"), lambda call: call())
    with InProcess(redis_client, settings, registry, checkpoints=kept) as process:
        said = "Escaped: the checkpoint store memory raised SystemExit: bye"
        assert ended(process, client, "store", say("a")) == ("FAILED", "InternalError", said)

    class Strategy:
        def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
            raise SystemExit("bye")

    with InProcess(redis_client, settings, registry) as process:
        monkeypatch.setattr(process.runner, "_strategy", Strategy())
        said = "Escaped: the rollback strategy raised SystemExit: bye"
        assert ended(process, client, "strategy", say("a")) == ("FAILED", "InternalError", said)


THE_LEDGERS = [
    redis.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
    redis.ConnectionError("connecting to configs.internal"),
    TooOld("the ledger", 9, 1),
]
"""Of a kind that means something where the ledger raises it."""


class Saved(MemoryCheckpointStore):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def save(self, checkpoint: Checkpoint) -> bool:
        raise self.error


@pytest.mark.long
def test_what_a_store_or_strategy_raises_is_never_taken_for_the_ledgers(
    client: Client, redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Strategy:
        error: Exception

        def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
            raise self.error

    strategy = Strategy()
    for number, error in enumerate(THE_LEDGERS):
        kept = StoreCheckpoints(ContainedStore(Saved(error), "memory"), patiently_stored)
        with InProcess(redis_client, settings, StepRegistry([Say()]), checkpoints=kept) as process:
            said = f"Escaped: the checkpoint store memory raised {words_of(error)}"
            assert ended(process, client, f"store-{number}", say("a")) == ("FAILED", "InternalError", said)
    with InProcess(redis_client, settings, StepRegistry([Say()])) as process:
        monkeypatch.setattr(process.runner, "_strategy", strategy)
        for number, strategy.error in enumerate([*THE_LEDGERS, CheckpointTooNew("of format 9")]):
            said = f"Escaped: the rollback strategy raised {words_of(strategy.error)}"
            assert ended(process, client, f"strategy-{number}", say("a")) == ("FAILED", "InternalError", said)


def test_whatever_escapes_a_task_gives_its_slot_back_with_a_line() -> None:
    @gives_slot_back
    def body() -> str:
        raise KeyboardInterrupt

    lines: list[Any] = []

    def in_slot() -> None:
        with capture_logs() as said:
            with pytest.raises(Escaped, match="KeyboardInterrupt"):
                body()
            lines.extend(said)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(in_slot).result()
    assert [(line["action"], line["log_level"]) for line in lines] == [("turn-escaped", "error")]
    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        body()


@pytest.mark.parametrize("name", HOSTILE)
def test_of_what_escapes_a_task_celery_gets_the_words_alone(name: str) -> None:
    error = HOSTILE[name]()

    @gives_slot_back
    def body() -> str:
        raise error

    with capture_logs(), pytest.raises(Escaped) as escaped:
        body()
    assert str(escaped.value) == f"the task raised {words_of(error)}"
    assert (escaped.value.__cause__, escaped.value.__context__) == (None, None)


@pytest.mark.parametrize("error", [Retry("later"), StageFailed("failed")], ids=repr)
def test_what_is_for_celery_is_its(error: Exception) -> None:
    @gives_slot_back
    def body() -> str:
        raise error

    with pytest.raises(type(error)):
        body()
