"""Middlewares around real stages: order, answers of their own, what is raised in them; and stages that are skipped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.client import Client
from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.clock import ledger_now_ms
from orchestrator.settings.extensions import MIDDLEWARES
from orchestrator.settings.model import Settings
from steps import Done, Failed, Outcome, PollAgain, Step, StepContext, StepParameters, StepRegistry
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from workers import middleware
from workers.middleware import Chain, Middleware, StageInfo, StepInfo, load_chain
from workers.next_link import Drop, Proceed, Reschedule


class CountParameters(StepParameters):
    polls: int = 0


class Count(Step[CountParameters]):
    """Polls as often as it is told to; ``runs`` counts its attempts."""

    name = "count"
    Parameters = CountParameters
    writes = True

    def __init__(self) -> None:
        self.runs: list[tuple[int, Any]] = []

    def run(self, parameters: CountParameters, context: StepContext) -> Outcome:
        self.runs.append((context.attempt, context.state.get("left")))
        left = context.state.get("left", parameters.polls)
        assert isinstance(left, int)
        return PollAgain(0.1, "more", {"left": left - 1}) if left else Done({"runs": len(self.runs)})


class Seen(Middleware):
    """Writes down what it is told; answers or raises what it is given for a hook."""

    def __init__(self, log: list[str], name: str, **answers: Any) -> None:
        self.log = log
        self.name = name
        self.answers = answers

    def _told(self, hook: str, what: str) -> Any:
        self.log.append(f"{self.name} {hook} {what}")
        answer = self.answers.get(hook)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def before_stage(self, stage: StageInfo) -> Any:
        return self._told("before_stage", f"{stage.stage_name}/{stage.turn}")

    def after_stage(self, stage: StageInfo, outcome: Outcome) -> None:
        self._told("after_stage", type(outcome).__name__)

    def before_step(self, step: StepInfo) -> Any:
        return self._told("before_step", f"{step.name}/{step.attempt}")

    def after_step(self, step: StepInfo, outcome: Outcome) -> None:
        self._told("after_step", type(outcome).__name__)


Worker = Callable[..., AbstractContextManager[InProcess]]


@pytest.fixture
def count() -> Count:
    return Count()


@pytest.fixture
def worker(redis_client: redis.Redis, settings: Settings, count: Count) -> Worker:
    def make(*middlewares: Middleware) -> InProcess:
        chain = Chain(middlewares) if middlewares else None
        return InProcess(redis_client, settings, StepRegistry([count]), middlewares=chain)

    return make


def one_stage(polls: int = 0, **more: Any) -> dict[str, Any]:
    return plan("p", [tenant("t", **more)], [{"name": "s", "steps": [{"type": "count", "polls": polls}]}])


def failure(client: Client) -> tuple[str, str, str | None]:
    info = client.task_status("p.0").failure_info
    assert info is not None
    return info.type, info.message, info.step_name


def test_the_first_is_the_outermost_and_every_turn_is_seen(worker: Worker, count: Count) -> None:
    log: list[str] = []
    with worker(Seen(log, "a"), Seen(log, "b")) as process:
        process.submit(one_stage(polls=1))
        (task,) = process.admit("p")
        assert isinstance(process.run(task), Reschedule)
        assert isinstance(process.run(task, turn=1), Drop)
    turns = [("s/0", "count/1", "PollAgain"), ("s/1", "count/2", "Done")]
    assert log == [
        line
        for stage, step, outcome in turns
        for line in (
            *(f"a before_stage {stage}", f"b before_stage {stage}", f"a before_step {step}", f"b before_step {step}"),
            *(f"b after_step {outcome}", f"a after_step {outcome}"),
            *(f"b after_stage {outcome}", f"a after_stage {outcome}"),
        )
    ]
    assert count.runs == [(1, None), (2, 0)]


@pytest.mark.parametrize("hook", ["before_stage", "before_step"])
def test_not_now_gives_the_slot_back_and_counts_no_attempt(
    worker: Worker, client: Client, count: Count, hook: str
) -> None:
    log: list[str] = []
    limit = Seen(log, "limit", **{hook: PollAgain(7.0, "full")})
    with worker(Seen(log, "outer"), limit, Seen(log, "inner")) as process:
        process.submit(one_stage())
        (task,) = process.admit("p")
        again = process.run(task)
        assert isinstance(again, Reschedule)
        left = again.due_ms - ledger_now_ms(process.ledger.client, process.ledger.keys)
        assert 4_000 < left <= 7_000
        assert count.runs == []
        # Inner ones were not asked, and who gave the answer has nothing to give back.
        assert not any(line.startswith(f"inner {hook}") for line in log)
        assert not any(line.startswith(f"limit {hook.replace('before', 'after')}") for line in log)
        assert f"outer {hook.replace('before', 'after')} PollAgain" in log
        limit.answers.clear()
        process.run(task, turn=1)
    assert client.task_status("p.0").status == "COMPLETED"
    assert count.runs == [(1, None)]


def test_not_at_all_fails_the_stage(worker: Worker, client: Client, count: Count) -> None:
    with worker(Seen([], "a", before_step=Failed("Frozen", "no changes today"))) as process:
        process.submit(one_stage())
        (task,) = process.admit("p")
        assert isinstance(process.run(task), Drop)
    assert failure(client) == ("Frozen", "no changes today", "count")
    assert count.runs == []


@pytest.mark.parametrize("hook", ["before_stage", "before_step"])
def test_raised_before_fails_the_stage_and_names_the_middleware(
    worker: Worker, client: Client, count: Count, hook: str
) -> None:
    with worker(Seen([], "a", **{hook: RuntimeError("no connection")})) as process:
        process.submit(one_stage())
        (task,) = process.admit("p")
        process.run(task)
    kind, message, _ = failure(client)
    assert kind == "MiddlewareError"
    assert f"test_middleware.Seen, before the {hook.removeprefix('before_')}: RuntimeError: no connection" in message
    assert count.runs == []


@pytest.mark.parametrize("hook", ["after_stage", "after_step"])
def test_raised_after_is_logged_and_what_was_done_stands(worker: Worker, client: Client, hook: str) -> None:
    log: list[str] = []
    with (
        capture_logs() as said,
        worker(Seen(log, "outer"), Seen(log, "a", **{hook: RuntimeError("no connection")})) as process,
    ):
        process.submit(one_stage())
        (task,) = process.admit("p")
        process.run(task)
    assert client.task_status("p.0").status == "COMPLETED"
    assert f"outer {hook} Done" in log
    assert [(entry["hook"], entry["log_level"]) for entry in said if entry.get("action") == "middleware-raised"] == [
        (hook.removeprefix("after_"), "error")
    ]


class Plain(Middleware):
    """For the entry points below."""


def raises(_: Settings) -> Middleware:
    raise RuntimeError("no collector")


def test_only_what_the_settings_name_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    here = "tests.integration.workers.test_middleware"
    values = {"plain": f"{here}:Plain", "raises": f"{here}:raises", "dict": "builtins:repr"}
    points = [EntryPoint(name, value, MIDDLEWARES) for name, value in values.items()]
    monkeypatch.setattr(middleware, "entry_points", lambda group: points)
    assert load_chain(Settings()) is None
    assert load_chain(Settings(middlewares=["plain"])) is not None
    with pytest.raises(InvalidInput) as caught:
        load_chain(Settings(middlewares=["plian", "raises", "dict"]))
    said = str(caught.value).splitlines()
    assert "middlewares[0]: unknown middleware; did you mean 'plain'?" in said[0]
    assert "cannot be used: RuntimeError: no collector" in said[1]
    assert "gives no workers.middleware.Middleware" in said[2]


def test_a_stage_that_is_not_for_the_tenant_is_recorded_and_not_run_both_ways(
    worker: Worker, client: Client, count: Count, redis_client: redis.Redis
) -> None:
    stages: list[dict[str, Any]] = [
        {"name": "eu", "when": "tenant.variables.region == 'eu'", "irreversible": True, "steps": [{"type": "count"}]},
        {"name": "all", "steps": [{"type": "count"}]},
    ]
    # On the way back the condition is still asked of the new config, not of the one that is applied then.
    source = {"deploy_unit_version": 41, "variables": {"region": "eu"}}
    us = tenant("t", variables={"region": "us"}, source_tenant_deploy_config=source)
    with worker() as process:
        process.submit(plan("p", [us], stages))
        (task,) = process.admit("p")
        assert isinstance(process.run(task, 0), Proceed)
        kept = redis_client.get(process.ledger.keys.of("checkpoint", "p.0"))
        assert '"outputs":{"eu":{"skipped":true}}' in str(kept)
        process.run(task, 1)
        assert client.task_status("p.0").status == "COMPLETED"
        assert len(count.runs) == 1
        client.rollback(task_id="p.0")
        (back,) = process.admit("p")
        process.run_all(back)
    assert client.task_status("p.0").status == "ROLLED_BACK"
    assert len(count.runs) == 2
