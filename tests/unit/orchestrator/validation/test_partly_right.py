"""A mistake in a tenant hides no other one of it, and is followed by none that only it has caused."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import load_registry
from tests.support.right_plan import right_plan, right_tenant

REGISTRY = load_registry()

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a group": ({"groups": ["/"]}, "groups[0]"),
    "a label": ({"labels": {"region": 5}}, "labels.region"),
    "labels": ({"labels": 5}, "labels"),
    "a version": ({"deploy_unit_version": []}, "deploy_unit_version"),
    "variables": ({"variables": 5}, "variables"),
    "an id": ({"tenant_id": "a b"}, "tenant_id"),
    "an unknown key": ({"nope": 1}, "nope"),
    "an address": ({"target_ip": 5}, "target_ip"),
    "an override": ({"overrides": {"healthCheck": {"maxAttempts": "x"}, "noop": 5, "nope": {}}}, "overrides.noop"),
    "a source's version": (
        {"source_tenant_deploy_config": {"deploy_unit_version": [], "overrides": {"nope": {}}}},
        "source_tenant_deploy_config.deploy_unit_version",
    ),
}
"""One mistake of each kind that is seen without any stage, and where it is told."""

OVERRIDES = {"healthCheck": {"maxAttempts": "x"}, "nope": {}}
BESIDE = ["overrides.healthCheck.maxAttempts", "overrides.nope"]
"""Mistakes that are seen only once the tenant is checked against the stages."""
READS = {
    "all": "{{ tenant.tenant_id }}{{ tenant.labels.region }}{{ tenant.variables.x }}{{ tenant.deploy_unit_version }}",
    "groups": "{{ tenant.groups | length }}",
}


def told(tenant: dict[str, Any], **head: Any) -> list[str]:
    plan = right_plan() | head | {"tenants": [tenant]}
    plan["stages"][0]["steps"].append({"type": "broadcast", "channel": "c", "message": READS})
    plan["stages"][0]["when"] = "tenant.labels.region == 'eu'"
    return sorted(one.path for one in validate_plan(plan, registry=REGISTRY, settings=Settings()).errors)


def right(**changes: Any) -> dict[str, Any]:
    return right_tenant("acme", labels={"region": "eu"}, groups=["db"], variables={"x": 1}, **changes)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_a_tenant_hides_no_other(name: str) -> None:
    assert told(right()) == []
    change, path = WRONG[name]
    tenant = right() | {"overrides": OVERRIDES} | change
    # Without labels nobody knows whether the stage is for this tenant.
    beside = BESIDE if "label" not in name else BESIDE[1:]
    source = ["source_tenant_deploy_config.overrides.nope"] if "source" in path else []
    assert told(tenant) == sorted(f"tenants[0].{one}" for one in (path, *beside, *source))


def test_what_is_wrong_for_the_tenant_whatever_its_mistake_is_told_of_its_stage() -> None:
    plan = right_plan() | {"tenants": [right() | {"groups": ["/"]}]}
    plan["stages"][0]["steps"].append({"type": "broadcast", "channel": "{{ nope }}", "message": 1})
    found = [one.path for one in validate_plan(plan, registry=REGISTRY, settings=Settings()).errors]
    assert found == ["tenants[0].groups[0]", "stages[0].steps[3].channel"]


def test_a_tenant_that_is_wrong_hides_no_unknown_group_of_the_setting() -> None:
    settings = Settings(groups={"db-7": 2})
    plan = right_plan() | {"tenants": [right_tenant("acme", groups=["db-8"], deploy_unit_version=[])]}
    found = [one.path for one in validate_plan(plan, registry=REGISTRY, settings=settings).errors]
    assert found == ["tenants[0].deploy_unit_version", "tenants[0].groups"]


def test_a_tenant_whom_a_wave_can_take_hides_no_mistake_in_the_waves() -> None:
    waves = [{"name": "a", "tenants": {"ids": ["nobody"]}}, {"name": "rest"}]
    endpoints = [{"value": "ftp://x"}]
    assert told(right() | {"network_endpoints": endpoints}, waves=waves, group_limits={"nope": 1}) == [
        "group_limits.nope",
        "tenants[0].network_endpoints[0].value",
        "waves[0].tenants.ids[0]",
    ]
