"""What a worker process keeps must not reach what comes after: plans, idempotency keys, leases, log context."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
import structlog
from structlog.testing import LogCapture

from orchestrator.client import Client
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Turn
from orchestrator.observability.logs import merge_task
from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import StageFactory
from steps import Done, Failed, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.in_process import InProcess
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import plan, tenant
from tests.support.waiting import wait_until
from workers.lease_keeper import LeaseKeeper
from workers.middleware import Chain, Middleware, StageInfo
from workers.plan_cache import PlanCache

_log = structlog.get_logger(__name__)


class SayParameters(StepParameters):
    word: str = ""


class Say(Step[SayParameters]):
    """Keeps word and idempotency key of each run, binds the tenant to the log context, and leaves that there."""

    name = "say"
    Parameters = SayParameters
    writes = True

    def __init__(self) -> None:
        self.said: list[str] = []
        self.keys: list[str] = []
        self.failing = False

    def run(self, parameters: SayParameters, context: StepContext) -> Outcome:
        structlog.contextvars.bind_contextvars(leaked=context.tenant_id)
        _log.info("said by the step")
        self.said.append(parameters.word)
        self.keys.append(context.idempotency_key)
        return Failed("SaidNo", "no") if self.failing else Done()


def say(word: str) -> list[dict[str, Any]]:
    return [{"name": "say", "steps": [{"type": "say", "word": word}]}]


@pytest.fixture
def step() -> Say:
    return Say()


@pytest.fixture
def process(redis_client: redis.Redis, settings: Settings, step: Say) -> Iterator[InProcess]:
    with InProcess(redis_client, settings, StepRegistry([step])) as process:
        yield process


def empty(process: InProcess) -> None:
    """As after a flush of Redis."""
    client = process.ledger.client
    client.delete(*client.keys(process.ledger.keys.root + "*"))


def run_plan(process: InProcess, word: str, *tenants: str) -> None:
    process.submit(plan("p", [tenant(name) for name in tenants or ("a",)], say(word)))
    for task in process.admit("p"):
        process.run_all(task)


def test_a_plan_id_whose_ledger_was_emptied_runs_its_new_content(process: InProcess, step: Say) -> None:
    run_plan(process, "old")
    empty(process)
    run_plan(process, "new")
    assert step.said == ["old", "new"]


def test_a_plan_that_was_replaced_after_the_begin_is_not_kept_under_the_old_name(
    process: InProcess, settings: Settings, redis_client: redis.Redis, step: Say
) -> None:
    run_plan(process, "old")
    keys = process.ledger.keys
    incarnation = str(redis_client.hget(keys.of("meta"), "incarnation"))
    digest = str(redis_client.hget(keys.of("plan", "p"), "digest"))
    empty(process)
    run_plan(process, "new")
    cache = PlanCache(Reader(redis_client, keys), StageFactory(StepRegistry([step]), settings))
    assert cache.get("p", incarnation, digest) is None


def test_no_idempotency_key_is_given_twice(process: InProcess, step: Say, client: Client) -> None:
    """Of two rollbacks of one task, and of the same plan in a ledger that was begun anew."""
    run_plan(process, "old")
    step.failing = True
    client.rollback(task_id="p.0")
    process.run_all(process.admit("p")[0])
    assert client.task_status("p.0").status == "ROLLBACK_FAILED"
    step.failing = False
    client.rollback(task_id="p.0")
    process.run_all(process.admit("p")[0])
    assert client.task_status("p.0").status == "ROLLED_BACK"
    empty(process)
    run_plan(process, "old")

    assert len(step.keys) == len(set(step.keys)) == 4
    assert [key.split("/")[:5] for key in step.keys] == [
        ["p.0", "1", mode, "0", "0"] for mode in ("RUNNING", "ROLLING_BACK", "ROLLING_BACK", "RUNNING")
    ]


def test_a_turn_that_was_recovered_and_begun_again_in_this_process_is_told_that_it_is_lost(
    redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings)
    (task,) = world.started("p", ["a"])
    old = world.turn(task)
    assert world.begin(task) is Begun.BEGUN
    world.expire("leases_running", task)
    world.sweeper.sweep()
    new = world.turn(task)
    assert world.begin(task) is Begun.BEGUN
    keeper = LeaseKeeper(Ledger(redis_client, settings), renew_seconds=0.05)
    try:
        with keeper.holding(old), keeper.holding(new):
            wait_until(lambda: keeper.is_lost(old))
            assert not keeper.is_lost(new)
        assert not keeper.is_lost(old)  # nothing is kept of what has ended
    finally:
        keeper.stop()


class Binds(Middleware):
    def before_stage(self, stage: StageInfo) -> None:
        structlog.contextvars.bind_contextvars(middleware=stage.tenant_id)


def test_what_is_bound_to_the_log_in_a_run_is_gone_after_it(
    redis_client: redis.Redis, settings: Settings, step: Say
) -> None:
    """By a step: already for the next line of the runner. By a middleware: after the turn."""
    lines = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, merge_task, lines])
    try:
        with InProcess(redis_client, settings, StepRegistry([step]), middlewares=Chain([Binds(settings)])) as process:
            run_plan(process, "old", "a", "b")
            task = process.reader.task_records(["p.0"])[0]
            process.runner.run(Turn("p.0", int(task["epoch"]), 0, 0))
    finally:
        structlog.reset_defaults()
    told = {entry["event"]: entry for entry in lines.entries}
    assert [(e["leaked"], e["tenantId"]) for e in lines.entries if "leaked" in e] == [("a", "a"), ("b", "b")]
    assert {e["event"] for e in lines.entries if "leaked" in e} == {"said by the step"}
    assert [e["middleware"] for e in lines.entries if e["event"] == "task goes no further"] == ["a", "b"]
    dropped = told["message dropped"]
    assert (dropped["planId"], dropped["taskId"], dropped["tenantId"]) == ("p", "p.0", "a")
    assert structlog.contextvars.get_contextvars() == {}
