"""Whatever a step answers, its turn is recorded: unrecorded, it would be run again and again for a lost worker."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from steps import Done, Failed, Outcome, PollAgain, Step, StepContext, StepParameters, StepRegistry
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from workers import turn_run
from workers.answered import CURSOR_LIMIT
from workers.next_link import Drop
from workers.runtime import make_resources

NOT_JSON: Any = object()


class Odd(Step[StepParameters]):
    name = "odd"
    Parameters = StepParameters
    outcome: ClassVar[Outcome]

    def run(self, parameters: StepParameters, context: StepContext) -> Outcome:
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Done({"at": NOT_JSON}), "StepError"),
        (Done({"rate": float("nan")}), "StepError"),
        (PollAgain(1.0, "", {"at": NOT_JSON}), "StepError"),
        (PollAgain(1.0, "", {"all": "x" * CURSOR_LIMIT}), "StateTooLarge"),
        (Failed("Said", "half a pair: \ud800"), "Said"),
        (Done({"said": "half a pair: \ud800"}), None),
    ],
    ids=["not-json", "nan", "state-not-json", "state-too-large", "half-a-pair-failed", "half-a-pair-done"],
)
def test_odd_answers(
    redis_client: redis.Redis, settings: Settings, client: Client, outcome: Outcome, kind: str | None
) -> None:
    Odd.outcome = outcome
    with InProcess(redis_client, settings, StepRegistry([Odd()])) as process:
        process.submit(plan("odd", [tenant("t0")], [{"name": "one", "steps": [{"type": "odd"}]}]))
        (task,) = process.admit("odd")
        process.run(task)

    status = client.task_status("odd.0")

    assert status.status == ("COMPLETED" if kind is None else "FAILED")
    assert (status.failure_info and status.failure_info.type) == kind


def test_what_a_step_may_answer_is_the_settings(redis_client: redis.Redis, settings: Settings, client: Client) -> None:
    small = settings.checkpoint.model_copy(update={"size_limit_bytes": 1024})
    own = settings.model_copy(update={"checkpoint": small})
    Odd.outcome = Done({"all": "x" * 2000})
    with InProcess(redis_client, settings, StepRegistry([Odd()]), worker_settings=own) as process:
        process.submit(plan("odd", [tenant("t0")], [{"name": "one", "steps": [{"type": "odd"}]}]))
        (task,) = process.admit("odd")
        process.run(task)
    failure = client.task_status("odd.0").failure_info
    assert failure is not None
    assert failure.type == "CheckpointTooLarge"
    assert failure.message.startswith("the step answered values of more bytes than that: 1024 are allowed")
    assert make_resources(own, "redis://127.0.0.1:1/0").most_output == 1024


def test_a_fault_of_ours_fails_the_stage_with_its_name(
    redis_client: redis.Redis, settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Odd.outcome = Done()

    def compare(_: Any) -> Any:
        return [] < 1  # type: ignore[operator]

    # Planted: what a hand can damage is told as such.
    monkeypatch.setattr(turn_run.Cursor, "from_json", compare)
    with InProcess(redis_client, settings, StepRegistry([Odd()])) as process:
        process.submit(plan("odd", [tenant("t0")], [{"name": "one", "steps": [{"type": "odd"}]}]))
        (task,) = process.admit("odd")
        process.run(task)
    failure = client.task_status("odd.0").failure_info
    assert failure is not None
    assert failure.type == "InternalError"
    assert "not supported between" in failure.message


@pytest.mark.parametrize("pauses", [False, True], ids=["at its end", "at its begin"])
def test_a_plan_whose_keys_are_damaged_costs_a_worker_one_line(
    redis_client: redis.Redis, settings: Settings, pauses: bool
) -> None:
    Odd.outcome = Done()
    with InProcess(redis_client, settings, StepRegistry([Odd()])) as process:
        process.submit(plan("odd", [tenant("t0")], [{"name": "one", "steps": [{"type": "odd"}]}]))
        (task,) = process.admit("odd")
        key = process.ledger.keys.of("slots", "odd")
        redis_client.delete(key)
        redis_client.set(key, "garbage")
        with capture_logs() as logs:
            if pauses:
                redis_client.hset(process.ledger.keys.of("task", "odd.0"), "pauseRequested", 1)
            assert process.run(task) == Drop()
    (line,) = [line for line in logs if line["log_level"] in ("warning", "error")]
    assert (line["action"], line["taskId"]) == ("damaged", "odd.0")
    assert "exc_info" not in line
    assert redis_client.hget(process.ledger.keys.of("task", "odd.0"), "status") == "RUNNING"
