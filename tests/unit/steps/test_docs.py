"""docs/steps.md says what the code does: every parameter and default, and an example that works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestrator.settings.model import HealthCheckSettings, Settings
from orchestrator.stages.stage_factory import StageFactory
from steps import NotifyParameters, RetryParameters, Step, load_registry
from tests.support.agreed_lists import must_agree
from tests.support.doc_page import blocks_of

PAGE = (Path(__file__).parents[3] / "docs" / "steps.md").read_text()
REGISTRY = load_registry()


def section(name: str) -> str:
    _, head, rest = PAGE.partition(f"\n## {name}\n")
    assert head, f"docs/steps.md has no section `## {name}`: a sentence, a table of its parameters, an example"
    return rest.split("\n## ")[0]


@pytest.mark.parametrize("name", REGISTRY.names())
def test_parameter_tables(name: str) -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section(name), re.MULTILINE))
    model = REGISTRY.get(name).Parameters
    # What users write: `json` is `json_body` in Python, where a model has a method of that name.
    fields: dict[str, FieldInfo] = {
        "json" if field.alias == "json" else given: field for given, field in model.model_fields.items()
    }
    must_agree(
        fields,
        table,
        lacking=f"`{{}}` of {name} has no row in docs/steps.md: | `parameter` | default, or required | meaning |",
        left_over=f"`{{}}` has a row under {name} in docs/steps.md, and is no parameter of it",
    )
    for parameter, field in fields.items():
        if field.is_required():
            assert table[parameter] == "required"
        elif field.default is not None:
            assert table[parameter].strip("`") == shown(field.default)


def shown(default: Any) -> str:
    if isinstance(default, BaseModel):
        return "see below"
    if isinstance(default, bool):
        return str(default).lower()
    return default if isinstance(default, str) else f"{default:g}"


def test_the_retry_defaults() -> None:
    (written,) = re.findall(r"\| `retry` \| see below \| `(\{.*\})` \|", section("http-request"))
    assert yaml.safe_load(written) == RetryParameters().model_dump()
    assert "with `max_attempts: 3`" in section("notify")
    assert NotifyParameters.model_validate({"url": "http://h", "json": None}).retry == RetryParameters(max_attempts=3)


def test_the_settings_are_accepted_as_printed() -> None:
    name = "test_the_settings_are_accepted_as_printed"
    keys, scopes, all_of_them = (
        Settings(**yaml.safe_load(block.text)) for block in blocks_of("docs/steps.md") if block.says.endswith(name)
    )
    assert keys.writable_keys == ["tenant_config:{tenant}", "svc:*:{tenant}"]
    assert list(scopes.secrets) == ["OPS_HOOK", "GATEWAY_TOKEN"]
    settings = all_of_them
    assert settings.health_check == HealthCheckSettings()
    assert settings.instances["gateways"].fallback == "spare"
    assert settings.allowed_hosts is not None
    assert len(settings.allowed_hosts) == 3
    assert settings.secrets_dir == Settings().secrets_dir


@pytest.mark.parametrize("name", REGISTRY.names())
def test_examples_are_accepted(name: str) -> None:
    examples = re.findall(r"^```yaml\n- (\{.*?\})\n```$", section(name), re.MULTILINE | re.DOTALL)
    assert len(examples) == 1, f"section `{name}` of docs/steps.md shows one step as `- {{type: {name}, ...}}`"
    (example,) = examples
    written: dict[str, Any] = yaml.safe_load(example)
    assert written["type"] == name
    config = {"tenant_id": "acme", "deploy_unit_version": 42, "variables": {"job": "j-1"}}
    (step,) = StageFactory(REGISTRY, Settings()).build_stage({"name": "s", "steps": [written]}, config, {})
    assert step.name == name


def test_the_step_of_your_own_runs_as_printed() -> None:
    (code,) = (block.text for block in blocks_of("docs/how-to/write-a-step.md") if block.title == "drain.py")
    scope: dict[str, Any] = {"__name__": "drain"}
    exec(compile(code, "drain.py", "exec"), scope)
    assert issubclass(scope["Drain"], Step)
    assert scope["Drain"]().name == "drain-queue"
    assert scope["DrainParameters"].model_validate({"url": "http://queue", "maxAttempts": 3}).max_attempts == 3
