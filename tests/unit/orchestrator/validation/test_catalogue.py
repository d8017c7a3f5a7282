"""Services of the application's catalogue in the place of a plan's stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli import main
from orchestrator.domain.config import PlanSpec
from orchestrator.settings.model import Settings
from orchestrator.validation import Validated, validate_plan
from orchestrator.validation.preview import preview_plan
from steps import load_registry
from tests.support.right_plan import right_plan, right_tenant

WRITE = {
    "type": "config-write",
    "key": "cfg:{{ tenant.tenant_id }}",
    "value": {"v": "{{ tenant.deploy_unit_version }}"},
}
SERVICES: dict[str, Any] = {
    "portal": {"steps": [WRITE], "timeout_seconds": 60},
    "gateway": {
        "when": "tenant.variables.region == 'eu'",
        "stages": [
            {"name": "gateway-drain", "steps": [WRITE], "irreversible": True},
            {"name": "gateway-switch", "when": "{{ tenant.variables.tier > 1 }}", "steps": [WRITE]},
        ],
    },
    "billing": {"when": "tenant.variables.region in ['eu', 'us']", "steps": [WRITE]},
}
EU = {"region": "eu", "tier": 2}


def settings(services: dict[str, Any] = SERVICES, defaults: list[str] | None = None) -> Settings:
    return Settings.model_validate({"services": services, "default_service_names": defaults or []})


def asks_for(*names: str, **changes: Any) -> dict[str, Any]:
    plan = right_plan() | {"service_names": list(names)} | changes
    del plan["stages"]
    if not names:
        del plan["service_names"]
    plan.setdefault("tenants", [])
    plan["tenants"] = changes.get("tenants", [right_tenant("acme", variables=EU)])
    return plan


def check(plan: Any, chosen: Settings | None = None) -> Validated:
    return validate_plan(plan, registry=load_registry(), settings=chosen or settings())


def errors(plan: Any, chosen: Settings | None = None) -> dict[str, str]:
    return {problem.path: problem.message for problem in check(plan, chosen).errors}


def stages(validated: Validated) -> list[str]:
    return [stage.name for stage in validated.require().stages]


def test_the_order_is_the_catalogues() -> None:
    for names in (("portal", "billing"), ("billing", "portal")):
        assert stages(check(asks_for(*names))) == ["portal", "billing"]
    assert stages(check(asks_for("gateway", "portal"))) == ["portal", "gateway-drain", "gateway-switch"]


def test_default_service_names_stand_in_for_what_is_left_out() -> None:
    assert stages(check(asks_for(), settings(defaults=["billing", "portal"]))) == ["portal", "billing"]
    assert errors(asks_for()) == {"stages": "missing; give stages, or service_names of the stage catalogue"}
    # A plan that brings stages is not asked for services.
    assert stages(check(right_plan(), settings(defaults=["billing"]))) == ["switch-gateway"]


def test_what_is_stored_is_what_the_catalogue_said_then() -> None:
    plan = check(asks_for("portal", "gateway")).require()
    assert [json.loads(stage.spec).get("when") for stage in plan.stages] == [
        None,
        "tenant.variables.region == 'eu'",
        "(tenant.variables.region == 'eu') and (tenant.variables.tier > 1)",
    ]
    assert (plan.stages[0].timeout_seconds, plan.stages[1].irreversible) == (60, True)
    changed = check(asks_for("portal", "gateway"), settings(SERVICES | {"portal": {"steps": [WRITE, WRITE]}})).require()
    assert changed.digest != plan.digest
    unused = check(asks_for("portal", "gateway"), settings(SERVICES | {"billing": {"steps": [WRITE]}})).require()
    assert unused.digest == plan.digest


def test_a_model_and_camel_case_name_services_too() -> None:
    plan = asks_for("portal")
    assert stages(check(PlanSpec.model_validate(plan))) == ["portal"]
    plan["serviceNames"] = plan.pop("service_names")
    assert stages(check(plan)) == ["portal"]


@pytest.mark.parametrize(
    ("plan", "path", "said"),
    [
        (asks_for("portl"), "service_names[0]", "unknown service; did you mean 'portal'?"),
        (asks_for("portal", "xxxxxx"), "service_names[1]", "unknown service; known: billing, gateway, portal"),
        (asks_for("portal", "portal"), "service_names[1]", "given twice"),
        (asks_for("portal", service_names="portal"), "service_names", "expected a list of at least one service"),
        (asks_for("portal", service_names=[]), "service_names", "expected a list of at least one service"),
        (asks_for("portal", service_names=[7]), "service_names[0]", "expected text"),
        (right_plan() | {"service_names": ["portal"]}, "service_names", "expected either stages or service_names"),
        (asks_for("portal", serviceNames=["portal"]), "serviceNames", "given twice, in two spellings"),
    ],
)
def test_wrong_names(plan: dict[str, Any], path: str, said: str) -> None:
    found = errors(plan)
    assert list(found) == [path]
    assert found[path].startswith(said)


def test_without_a_catalogue_there_is_nothing_to_name() -> None:
    assert errors(asks_for("portal"), settings({})) == {
        "service_names": "there is no stage catalogue: no `services` in the file named by CHANGEOVER_CONFIG "
        "(docs/catalogue.md)"
    }


def test_what_is_wrong_in_the_catalogue_is_named_there() -> None:
    services = {
        "portal": {"steps": [{"type": "config-writ"}]},
        "gateway": {"stages": [{"name": "portal", "steps": [WRITE | {"keyy": "x"}]}]},
    }
    found = errors(asks_for("portal", "gateway"), settings(services))
    assert found["services.portal.steps[0].type"].endswith("did you mean 'config-write'?")
    assert found["services.gateway.stages[0].steps[0].keyy"].endswith("did you mean 'key'?")
    assert "services.portal.name" in found["services.gateway.stages[0].name"]


def test_a_condition_that_gives_no_answer_is_an_error_of_its_tenants() -> None:
    tenants = [right_tenant("a", variables=EU), right_tenant("b", variables={}), right_tenant("c")]
    found = errors(asks_for("billing", tenants=tenants))
    assert list(found) == ["services.billing.when"]
    assert "for tenants[1] and 1 more" in found["services.billing.when"]


@pytest.mark.parametrize("when", ["tenant.variables.region", "'false'", "1", "none", "[]"])
def test_a_condition_is_true_or_false_and_nothing_like_it(when: str) -> None:
    found = errors(asks_for("portal"), settings({"portal": {"when": when, "steps": [WRITE]}}))
    assert "expected true or false" in found["services.portal.when"]


@pytest.mark.parametrize("when", ["tenant.", "{% if x %}", "tenant.__class__ == 1", "{# nothing #}", "a }} b {{ c"])
def test_a_condition_that_is_no_expression(when: str) -> None:
    plan = right_plan()
    plan["stages"][0]["when"] = when
    assert "stages[0].when" in errors(plan)


def test_a_stage_that_is_not_for_a_tenant_is_not_rendered_for_it() -> None:
    needs = {"type": "config-write", "key": "x:{{ tenant.variables.cell }}", "value": {}}
    plan = right_plan()
    plan["stages"].append({"name": "cells", "when": "tenant.variables.cell is defined", "steps": [needs]})
    plan["tenants"] = [right_tenant("a", variables={"cell": 3}), right_tenant("b")]
    assert check(plan).errors == []


def test_a_tenant_that_takes_part_in_nothing_is_warned_of() -> None:
    tenants = [right_tenant("a", variables=EU), right_tenant("b", variables={"region": "asia"})]
    warnings = check(asks_for("billing", tenants=tenants)).warnings
    assert [one.message for one in warnings] == ["1 of 2 tenants take part in no stage (b)"]


def test_what_each_tenant_will_do() -> None:
    tenants = [right_tenant("a", variables=EU), right_tenant("b", variables={"region": "us"})]
    chosen = settings()
    plan = check(asks_for("portal", "gateway", tenants=tenants), chosen).require()
    a, b = preview_plan(plan, chosen)
    assert [(stage["name"], stage["skipped"]) for stage in a["stages"]] == [
        ("portal", False),
        ("gateway-drain", False),
        ("gateway-switch", False),
    ]
    assert [(stage["name"], stage["skipped"]) for stage in b["stages"]] == [
        ("portal", False),
        ("gateway-drain", True),
        ("gateway-switch", True),
    ]
    step = a["stages"][0]["steps"][0]
    assert (step["type"], step["key"], step["value"]) == ("config-write", "cfg:a", {"v": 42})
    assert b["stages"][1]["steps"] == []


def test_validate_show_prints_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = WRITE | {"value": {"v": "{{ tenant.deploy_unit_version }}", "password": "hidden"}}
    (tmp_path / "app.yaml").write_text(yaml.safe_dump({"services": SERVICES | {"portal": {"steps": [secret]}}}))
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(asks_for("portal", "gateway")))
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(tmp_path / "app.yaml"))
    monkeypatch.setenv("CHANGEOVER_DATA_DIR", str(tmp_path))
    for options in (["--show"], ["--show", "--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["validate", str(tmp_path / "plan.yaml"), *options])
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        assert "hidden" not in printed
        assert "cfg:acme" in printed
    assert [tenant["tenantId"] for tenant in json.loads(printed)["tenants"]] == ["acme"]
