"""The pages on settings, catalogue and checkpoints say what the code does."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.control.consumer import EventsMissed
from orchestrator.domain import errors
from orchestrator.domain.config import TenantDeployConfig
from orchestrator.settings.model import HealthCheckSettings, Settings
from orchestrator.validation import PlanView, validate_plan
from steps import PollAgain, load_registry
from tests.support.right_plan import right_plan
from tests.unit.orchestrator.settings.test_settings import DEFAULTS
from workers.middleware import Middleware, StageInfo, StepInfo

DOCS = Path(__file__).parents[2] / "docs"
SETTINGS, CATALOGUE, OPERATIONS = (
    (DOCS / f"{name}.md").read_text() for name in ("settings", "catalogue", "operations")
)
_ROW = re.compile(r"^\| `([\w.]+)` \| (.*?) \| (.*?) \|", re.MULTILINE)
ROWS = {name: (default, level) for name, default, level in _ROW.findall(SETTINGS)}


def test_every_setting_has_its_row() -> None:
    assert list(ROWS) == list(DEFAULTS)


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_and_levels(name: str) -> None:
    default, level = ROWS[name]
    value = DEFAULTS[name]
    shown = f"{value:.10g}" if isinstance(value, float) else str(value)
    assert default.strip("`") == (shown if value not in (None, [], {}) else "-")
    is_step = name.removeprefix("health_check.") in HealthCheckSettings.model_fields
    assert level == ("tenant, plan, application" if is_step else "application")


def code(page: str, start: str, end: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": start}
    text = page.split(f"    # {start}\n")[1].split(f"    # {end}")[0]
    exec(compile(textwrap.dedent(text), start, "exec"), scope)
    return scope


def test_the_catalogue_as_printed() -> None:
    catalogue, plan = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", CATALOGUE, re.S))
    plan["tenants"] = [right_plan()["tenants"][0] | {"variables": {"region": "eu"}}]
    result = validate_plan(plan, registry=load_registry(), settings=Settings.model_validate(catalogue))
    assert [stage.name for stage in result.require().stages] == ["portal", "gateway-switch"]


def test_the_validator_as_printed() -> None:
    rule = code(CATALOGUE, "acme_rules.py", "pyproject.toml")["every_tenant_has_a_region"]
    tenant = TenantDeployConfig.model_validate({"tenant_id": "acme"})
    (finding,) = rule(PlanView(None, "p", 1, (), ((4, tenant),)))
    assert finding.problem.path == "tenants[4].variables.region"
    assert not finding.is_warning


def test_the_middleware_as_printed() -> None:
    limit = code(CATALOGUE, "acme_limits.py", "pyproject.toml")["OneSwitchAtATime"](Settings())
    assert isinstance(limit, Middleware)
    step = StepInfo(StageInfo("p", "p.0", "t", "s", "RUNNING", 0), "config-write", 0, 1)
    assert limit.before_step(step) is None
    assert isinstance(limit.before_step(step), PollAgain)
    limit.after_step(step, PollAgain(1))
    assert limit.before_step(step) is None


def test_every_error_stands_beside_its_exit_code() -> None:
    base = errors.ChangeoverError
    kinds: list[type[errors.ChangeoverError]] = [EventsMissed]
    kinds += [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, base) and one != base]
    rows = re.findall(r"^\| (\d+) \| .+ \| (.*)\|$", OPERATIONS.partition("## Exit codes")[2], re.MULTILINE)
    told = {code: int(row) for row, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert told == {kind.code: kind.exit_code for kind in kinds}
