from __future__ import annotations

import copy
import dataclasses
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from orchestrator.domain.config import PlanSpec
from orchestrator.plans.plan import generate_plan_id, make_plan
from orchestrator.plans.tenant_config import load_config, snapshot_of
from tests.support.right_plan import right_plan, right_tenant

FREE = {"variables", "value", "message"}


def respelled(value: Any, free: bool = False) -> Any:
    """The same plan in camelCase, keys in reverse order; what is the user's own stays."""
    if isinstance(value, dict):
        pairs = [(key if free else to_camel(key), respelled(item, free or key in FREE)) for key, item in value.items()]
        return dict(reversed(pairs))
    return [respelled(item, free) for item in value] if isinstance(value, list) else value


def test_digest_does_not_depend_on_spelling_or_order() -> None:
    plan = right_plan()
    plan["tenants"][0] |= {"variables": {"b": 1, "a": 2}, "overrides": {"health_check": {"max_attempts": 2}}}
    other = respelled(plan)
    other["tenants"][0]["variables"] = {"a": 2, "b": 1}
    other["tenants"][0]["overrides"] = {"healthCheck": {"maxAttempts": 2}}
    assert "maxConcurrency" in other
    assert make_plan(other).digest == make_plan(plan).digest
    assert make_plan({**plan, "plan_id": "another"}).digest == make_plan(plan).digest
    spelled_out = copy.deepcopy(plan)
    spelled_out["tenants"][0]["target_ip"] = None
    assert make_plan(spelled_out).digest == make_plan(plan).digest


def test_digest_is_stable_over_releases() -> None:
    # Stored with every plan: a change here would make a repeated submit look like another plan.
    assert make_plan(right_plan()).digest == DIGEST


DIGEST = "269b19fadf2792957650057e59b5873f23b813650e8df06b0df743e5b44679ce"


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.update(name="x"),
        lambda plan: plan.update(max_concurrency=2),
        lambda plan: plan.update(task_timeout_seconds=5),
        lambda plan: plan.update(rollback_order="forward"),
        lambda plan: plan["stages"][0].update(name="x"),
        lambda plan: plan["stages"][0].update(irreversible=True),
        lambda plan: plan["stages"][0].pop("timeout_seconds"),
        lambda plan: plan["stages"][0]["steps"].reverse(),
        lambda plan: plan["stages"][0]["steps"][2].update(max_attempts=5),
        lambda plan: plan["tenants"][0].update(deploy_unit_version="42"),
        lambda plan: plan["tenants"][0].update(variables={"a": None}),
        lambda plan: plan["tenants"][0]["source_tenant_deploy_config"].update(target_ip=None),
        lambda plan: plan["tenants"][0].pop("source_tenant_deploy_config"),
        lambda plan: plan["tenants"].append(right_tenant("globex")),
        lambda plan: plan["tenants"].insert(0, right_tenant("globex")),
    ],
)
def test_digest_depends_on_all_content(change: Any) -> None:
    plan = right_plan()
    plan["tenants"].append(right_tenant("initech"))
    before = make_plan(plan).digest
    change(plan)
    assert make_plan(plan).digest != before


def test_later_changes_by_the_caller_reach_nothing() -> None:
    raw = right_plan()
    raw["tenants"][0] |= {"variables": {"list": [{"a": 1}]}, "overrides": {"health_check": {"max_attempts": 2}}}
    spec = PlanSpec.model_validate(raw)
    for given in (raw, spec):
        plan = make_plan(given)
        before = copy.deepcopy(plan)
        tenant = given["tenants"][0] if isinstance(given, dict) else given.tenants[0].__dict__
        tenant["variables"]["list"][0]["a"] = 2
        tenant["overrides"]["health_check"]["max_attempts"] = 9
        if isinstance(given, dict):
            given["stages"][0]["steps"][0]["value"]["version"] = "evil"
            given["tenants"].clear()
        assert plan == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.name = "x"  # type: ignore[misc]


def test_compact_config_is_small_and_complete() -> None:
    record = make_plan(right_plan()).tenants[0]
    assert len(record.config) < 400
    assert load_config(record.config) == {
        "tenant_id": "acme",
        "deploy_unit_id": 100,
        "deploy_unit_name": "green",
        "deploy_unit_version": 42,
        "network_endpoints": [
            {"key": "gw-1", "value": "http://127.0.0.1:9001/health", "target_domain": None, "target_ip": None}
        ],
        "target_domain": None,
        "target_ip": None,
        "labels": {},
        "groups": [],
        "variables": {},
        "overrides": {},
        "source_tenant_deploy_config": {
            "deploy_unit_id": 99,
            "deploy_unit_name": "blue",
            "deploy_unit_version": 41,
        },
    }
    assert load_config('{"tenant_id":"a"}')["variables"] is not load_config('{"tenant_id":"a"}')["variables"]


def test_snapshot_is_the_new_config_with_its_source_over_it() -> None:
    plan = right_plan()
    source: dict[str, Any] = {"tenant_id": "acme", "deployUnitVersion": "1.10", "variables": {}, "targetIp": None}
    plan["tenants"][0] |= {"variables": {"a": 1}, "target_ip": "10.0.0.1", "source_tenant_deploy_config": source}
    config = load_config(make_plan(plan).tenants[0].config)
    snapshot = snapshot_of(config)
    assert snapshot is not None
    # What the source writes out counts, also when it is empty; what it leaves out comes from the new config.
    assert (snapshot["variables"], snapshot["target_ip"], snapshot["deploy_unit_version"]) == ({}, None, "1.10")
    assert (snapshot["tenant_id"], snapshot["deploy_unit_name"]) == ("acme", "green")
    assert snapshot["network_endpoints"] == config["network_endpoints"]
    assert snapshot["source_tenant_deploy_config"] is None
    assert snapshot_of({**config, "source_tenant_deploy_config": None}) is None


def test_stage_is_stored_under_canonical_names() -> None:
    plan = right_plan()
    plan["stages"][0]["steps"] = [{"type": "healthCheck", "maxAttempts": 3}]
    (stage,) = make_plan(plan).stages
    assert json.loads(stage.spec) == {
        "name": "switch-gateway",
        "timeout_seconds": 120,
        "steps": [{"type": "health-check", "max_attempts": 3}],
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Blue to green", "blue-to-green"), ("Ünïcode!", "unicode"), ("漢字", "plan"), ("x" * 200, "x" * 80)],
)
def test_made_up_plan_id(name: str, slug: str) -> None:
    made = generate_plan_id(name, datetime(2026, 11, 24, 8, 30, tzinfo=UTC))
    assert re.fullmatch(re.escape(slug) + r"-20261124-083000-[a-z0-9]{4}", made)
    plan = right_plan()
    del plan["plan_id"]
    first, second = make_plan(plan), make_plan(plan)
    assert first.plan_id != second.plan_id
    assert first.digest == second.digest


def test_labels_and_groups_are_kept_apart_for_the_ledger() -> None:
    plan = right_plan()
    plan["tenants"][0] |= {"labels": {"ring": "early"}, "groups": ["db-7"]}
    record = make_plan(plan).tenants[0]
    assert record.traits == '{"groups":["db-7"],"labels":{"ring":"early"}}'
    assert load_config(record.config)["labels"] == {"ring": "early"}
    assert make_plan(right_plan()).tenants[0].traits == "{}"
