"""What is asked of a tenant when it is only looked at, and that such a look writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.plans.tenant_config import full_config
from orchestrator.secrets.references import Secrets
from orchestrator.settings.model import Settings
from orchestrator.stages.health_asker import HealthAsker, LookedAt
from orchestrator.stages.reach import Limits
from orchestrator.stages.stage_factory import StageFactory
from steps import (
    Done,
    HttpAnswer,
    HttpRequest,
    Instances,
    Outcome,
    Step,
    StepContext,
    StepParameters,
    StepRegistry,
    TargetRefused,
    load_registry,
)

CONFIG = full_config(
    {
        "tenant_id": "acme",
        "deploy_unit_version": 42,
        "network_endpoints": [{"key": "a", "value": "http://a.example.com/health"}],
    }
)
ACME = LookedAt("acme", CONFIG, None, CONFIG)
REFERENCE = {"plan_id": "p", "name": "P"}
ASKER = HealthAsker(Secrets(Path("nowhere")), Instances({}, []), Limits())
ACK = {
    "type": "redis-ack",
    "key": "k",
    "value": {"version": 1},
    "footprint": "$.version",
    "channel": "c",
    "message": "m",
}


class Answers:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        return [HttpAnswer(request.key, 200, self._body, None) for request in requests]


class Writes(Step[StepParameters]):
    """One that does what it says it does not."""

    name = "writes"
    Parameters = StepParameters
    confirms_health = True

    def run(self, parameters: StepParameters, context: StepContext) -> Outcome:
        context.target_for("elsewhere").write(context.token, "k", None, "v", None)
        return Done()


def checks(registry: Any, *steps: dict[str, Any], **more: Any) -> list[Any]:
    stage = StageFactory(registry, Settings()).compile_stage({"name": "s", "steps": list(steps)} | more)
    return ASKER.checks(stage, REFERENCE, ACME)


def test_health_checks_are_asked_and_nothing_that_writes_first() -> None:
    check = {"type": "health-check", "max_attempts": 7, "consecutive_successes": 3}
    found = checks(load_registry(), {"type": "config-write", "key": "k", "value": "v"}, check, ACK)
    assert [step.name for step in found] == ["health-check"]
    assert checks(load_registry(), check, when="tenant.tenant_id == 'birch'") == []
    # One round, whatever the plan says of rounds.
    assert ASKER.why_not_there(found[0], ACME, Answers(b'{"version": 42}')) is None
    said = ASKER.why_not_there(found[0], ACME, Answers(b'{"version": 41}'))
    assert said is not None
    assert "expected 42" in said or "41" in said


def test_what_is_only_looked_at_is_not_written() -> None:
    (step,) = checks(StepRegistry([Writes()]), {"type": "writes"})
    with pytest.raises(TargetRefused, match="nothing is written"):
        ASKER.why_not_there(step, ACME, Answers(b""))
