"""Made pages and parts are as the code has them now; what they say of plans and events is so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from fastapi import APIRouter
from typer.testing import CliRunner

from orchestrator.cli.app import app
from orchestrator.console import api
from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import EVENT
from orchestrator.domain.schemas import SCHEMAS, SchemaName, json_schema
from reference.event_examples import event_lines
from reference.http_api import http_api
from reference.made import ROOT, made
from tests.support.doc_page import PAGES, blocks_of
from tests.support.json_schemas import misfits


def test_pages_are_as_the_code_has_them() -> None:
    old = [name for name, text in made().items() if (ROOT / name).read_text() != text]
    assert old == [], "run `make docs`"


def test_there_is_an_example_of_each_event_without_gaps() -> None:
    lines = event_lines(["all"])
    told = [json.loads(line) for line in lines if "..." in line or not EVENT.validate_json(line)]
    assert not told, f"a field has no value in reference/event_examples.py: {told}"
    schema = json_schema("events")
    assert [misfit for line in lines for misfit in misfits(schema, json.loads(line))] == []


def wrong(plan: Any) -> list[str]:
    return misfits(json_schema("plan"), plan)


def whole_plans() -> list[Any]:
    """Of the pages and the examples."""
    texts = [block.text for name in PAGES for block in blocks_of(name) if block.language == "yaml"]
    texts += [file.read_text() for file in sorted((ROOT / "examples").rglob("*.yaml"))]
    given = [yaml.safe_load(text) for text in texts if "tenants:" in text and "..." not in text]
    return [one for one in given if isinstance(one, dict) and {"tenants", "max_concurrency"} <= one.keys()]


def test_the_schema_takes_the_plans_that_are_taken() -> None:
    plans = whole_plans()
    assert [plan for plan in plans if "waves" in plan]
    for plan in plans:
        assert wrong(plan) == []
        assert wrong(PlanSpec.model_validate(plan).model_dump(mode="json", by_alias=True, exclude_unset=True)) == []
    (printed,) = re.findall(r"```yaml\n(plan_id.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    plan = yaml.safe_load(printed)
    assert wrong({key: value for key, value in plan.items() if key != "max_concurrency"})
    assert any("max_concurency" in message for message in wrong(plan | {"max_concurency": 1}))
    assert wrong(plan | {"tenants": [{"tenant_id": 7}]})


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_printed_as_json(name: SchemaName) -> None:
    assert json.loads(CliRunner().invoke(app, ["schema", name]).stdout) == json_schema(name)


def test_the_page_of_the_plan_file_has_the_keys_of_its_schema() -> None:
    page = (ROOT / "docs" / "plan-file.md").read_text()
    schema = json_schema("plan")
    kinds: dict[str, Any] = schema["$defs"]

    def keys(kind: dict[str, Any]) -> set[str]:
        return {name for name in kind["properties"] if name == name.lower()}

    def rows(title: str) -> set[str]:
        section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
        names = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
        return set(re.findall(r"`(\w+)`", " ".join(names)))

    assert rows("The plan") == keys(schema)
    assert rows("A tenant") == keys(kinds["TenantDeployConfig"])
    said = set(re.findall(r"\w+", page))
    for kind in ("WaveSpec", "WaveTenants", "FailureTolerance", "Soak", "Gate", "StageSpec", "NetworkEndpoint"):
        assert keys(kinds[kind]) <= said, kind


def test_a_route_that_asks_for_no_permission_is_named() -> None:
    router = APIRouter()
    router.include_router(api.router)
    router.add_api_route("/api/v1/open", lambda: None, methods=["GET"])
    with pytest.raises(ValueError, match=r"^GET /api/v1/open asks for no permission: .*/roles\.py"):
        http_api(router)
