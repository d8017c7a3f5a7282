"""What the old executor was given is taken as it is, or named, a problem for each thing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.config import TenantDeployConfig
from orchestrator.domain.errors import InvalidInput
from orchestrator.plans.switch_task import SwitchTask, read_switch_task, switch_task
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.preview import preview_plan

CATALOGUE = Settings.model_validate(
    {
        "services": {
            "portal": {
                "steps": [
                    {
                        "type": "config-write",
                        "key": "{{ tenant.variables.nacosNameSpace }}:{{ tenant.tenant_id }}",
                        "value": {"version": "{{ tenant.deploy_unit_version }}"},
                    },
                    {"type": "health-check"},
                ]
            }
        }
    }
)

OLD: dict[str, Any] = {
    "planId": 4711,
    "planVersion": 2,
    "tenantId": 10001,
    "deployUnitId": 100,
    "deployUnitVersion": 42,
    "deployUnitName": "green",
    "networkEndpoints": [{"key": "gw", "value": "gw.example", "targetDomain": None, "targetIp": None}],
    "nacosNameSpace": "prod",
    "defaultFlag": True,
    "calledNumberRules": None,
    "trunkGroup": {"id": 7},
    "serviceNames": ["portal"],
    "healthCheckEndpoints": ["http://10.0.0.1:9001/health"],
    "sourceTenantDeployConfig": {
        "planId": 4000,
        "tenantId": 10001,
        "deployUnitId": 99,
        "deployUnitVersion": 41,
        "deployUnitName": "blue",
        "nacosNameSpace": "prod-old",
        "sourceTenantDeployConfig": None,
    },
}


def plan_of_configs(configs: Any, **plan: Any) -> dict[str, Any]:
    return switch_task(configs, **plan).require(lambda _: [])


def problems(configs: Any, **plan: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan_of_configs(configs, **plan)
    return [str(problem) for problem in caught.value.problems]


def all_problems(task: SwitchTask) -> list[str]:
    """As whoever submits it is told: the validator's too."""

    @task.telling()
    def submit() -> None:
        plan = task.require(lambda plan: validate_plan(plan, settings=CATALOGUE).errors)
        validate_plan(plan, settings=CATALOGUE).require()

    with pytest.raises(InvalidInput) as caught:
        submit()
    return [str(problem) for problem in caught.value.problems]


def test_an_old_config_is_taken_as_it_is(tmp_path: Path) -> None:
    kept = copy.deepcopy(OLD)
    file = tmp_path / "configs.json"
    other = OLD | {"tenantId": "10002", "sourceTenantDeployConfig": None}
    file.write_text(json.dumps([OLD, other]))
    plan = read_switch_task(file).plan
    assert plan == plan_of_configs([OLD, other])
    assert kept == OLD
    assert plan["plan_id"] == "4711-v2"
    made = validate_plan(plan, settings=CATALOGUE)
    assert made.errors == []
    assert [tenant.tenant_id for tenant in made.require().tenants] == ["10001", "10002"]
    first = plan["tenants"][0]
    assert first["variables"] == {
        "nacosNameSpace": "prod",
        "defaultFlag": True,
        "trunkGroup": {"id": 7},
        "networkEndpoints": [{"key": "gw", "value": "gw.example"}],
    }
    shown = json.dumps(list(preview_plan(made.require(), CATALOGUE)))
    assert "prod:10001" in shown
    assert "http://10.0.0.1:9001/health" in json.dumps(first["network_endpoints"])
    assert first["source_tenant_deploy_config"]["variables"] == {"nacosNameSpace": "prod-old"}


def test_each_thing_that_has_no_place_is_one_problem() -> None:
    found = problems(
        [
            OLD,
            None,
            "acme",
            OLD | {"tenantId": 2, "planId": 4712, "serviceNames": ["gateway"], "trunkGrup": 1},
            OLD | {"healthCheckEndpoints": [{"url": "x"}], "tenant_id": "3"},
            OLD | {"sourceTenantDeployConfig": {"sourceTenantDeployConfig": {"tenantId": 1}}},
        ]
    )
    assert found == [
        "configs[1]: expected a tenant's config (got 'null')",
        "configs[2]: expected a tenant's config (got 'a text of 4')",
        "configs[3].planId: differs from configs[0].planId (4711): one plan has one; submit it apart (got 4712)",
        "configs[3].serviceNames: differs from configs[0].serviceNames (['portal']): one plan has one; submit it apart "
        "(got ['gateway'])",
        "configs[3].trunkGrup: unknown key; did you mean 'trunkGroup'?",
        "configs[4].tenant_id: given twice, in two spellings",
        "configs[4].healthCheckEndpoints: expected a list of URLs",
        "configs[5].sourceTenantDeployConfig.sourceTenantDeployConfig: the config to go back to has none of its own",
    ]
    assert problems({"tenantId": 1}) == ["configs: expected a list of tenant configs"]
    assert problems(None) == ["configs: expected a list of tenant configs"]


NO_VERSION = "deployUnitVersion: a health-check needs it (services.portal.steps[1]), or an expected_version of its own"


def test_what_is_wrong_with_the_plan_is_told_of_the_list_at_once() -> None:
    bare = {key: value for key, value in OLD.items() if key not in ("planId", "serviceNames", "tenantId")}
    wrong: list[Any] = [
        OLD | {"planId": "4711/1", "serviceNames": ["portal", "portall"], "trunkGrup": 1},
        None,
        OLD | {"planId": "4711/1", "serviceNames": None, "tenantId": "two words", "deployUnitVersion": [1]},
        {**bare, "tenant_id": 10001, "variables": {"my_key": object()}},
        {"deploy_unit_name": 7, "healthCheckEndpoints": ["http://h/ok", "ftp://h/no"], "tenantId": "d"},
        {"tenantId": "e", "networkEndpoints": [{"key": "a", "targetIp": 5}], "nacosNameSpace": object()},
        {"deployUnitId": 1, "sourceTenantDeployConfig": {"deployUnitName": {}, "networkEndpoints": [{"value": 1}]}},
        {"tenantId": "f", "healthCheckEndpoints": ["ftp://h/no"]},
    ]
    found = all_problems(switch_task(wrong))
    assert found == [
        "services.portal.steps[0].key: the name 'nacosNameSpace' is undefined, for configs[7] and 2 more (got '{{ "
        "tenant.variables.nacosNameSpace }}:{{ tenant.tenant_id }}')",
        "services.portal.steps[0].value.version: the name 'deploy_unit_version' is undefined: this tenant's config "
        "does not set it, for configs[7] and 3 more (got '{{ tenant.deploy_unit_version }}')",
        "configs[0].trunkGrup: unknown key; did you mean 'trunkGroup'?",
        "configs[0].serviceNames[1]: unknown service; did you mean 'portal'? (got 'portall')",
        "configs[0].planId: expected letters, digits, '.', '_' and '-', beginning with a letter or "
        "digit (got '4711/1')",
        "configs[1]: expected a tenant's config (got 'null')",
        "configs[2].deployUnitVersion: expected text or a whole number (got 'a list of 1')",
        "configs[2].tenantId: expected text without spaces, braces or control characters (got 'two words')",
        "configs[3].variables.my_key: expected a JSON value (text, number, true or false, null, list, "
        "mapping) (got 'a object')",
        "configs[3].tenant_id: the same as configs[0].tenantId; expected each once (got '10001')",
        "configs[4].deploy_unit_name: expected text (got 7)",
        "configs[4].healthCheckEndpoints[1]: expected an http:// or https:// URL: its scheme is 'ftp' "
        "(got 'ftp://h/no')",
        f"configs[4].{NO_VERSION}",
        "configs[5].networkEndpoints[0].targetIp: expected text (got 5)",
        "configs[5].nacosNameSpace: expected a JSON value (text, number, true or false, null, list, "
        "mapping) (got 'a object')",
        f"configs[5].{NO_VERSION}",
        "configs[6].tenantId: missing; this key is required",
        "configs[6].sourceTenantDeployConfig.deployUnitName: expected text (got 'a mapping of 0')",
        "configs[6].sourceTenantDeployConfig.networkEndpoints[0].value: expected text (got 1)",
        f"configs[6].{NO_VERSION}",
        "configs[6].networkEndpoints: a health-check needs at least one endpoint: network_endpoints, target_domain or "
        "target_ip",
        "configs[7].healthCheckEndpoints[0]: expected an http:// or https:// URL: its scheme is 'ftp' "
        "(got 'ftp://h/no')",
        f"configs[7].{NO_VERSION}",
    ]


def test_without_a_mistake_of_the_old_form_the_words_are_the_same() -> None:
    (found,) = all_problems(switch_task([OLD | {"deployUnitVersion": [1]}]))
    assert found.startswith("configs[0].deployUnitVersion: expected ")


def test_a_plan_version_is_a_whole_number_from_1() -> None:
    wrongs: tuple[Any, ...] = (-1, 0, 1.5, True, "v2", [])
    for wrong in wrongs:
        (found,) = problems([OLD, OLD | {"planVersion": wrong}])
        assert found.startswith("configs[1].planVersion: expected a whole number from 1 (got ")


def test_a_plan_id_is_a_whole_number_or_text_and_a_version_is_of_one() -> None:
    wrongs: tuple[Any, ...] = (True, 4711.0, [])
    for wrong in wrongs:
        (found,) = problems([{"tenantId": "b", "planVersion": 1, "planId": wrong}])
        assert found.startswith("configs[0].planId: expected ")
        (found,) = problems([OLD, OLD | {"planId": wrong}])
        assert found.startswith("configs[1].planId: expected a whole number or text (got ")
    (found,) = problems([OLD | {"planId": None, "planVersion": 3}])
    assert found == "configs[0].planVersion: of no plan: no config has a planId (got 3)"
    assert plan_of_configs([OLD | {"planId": None, "planVersion": 3}], plan_id="mine")["plan_id"] == "mine"


def test_what_is_wrong_is_told_under_the_old_names() -> None:
    assert all_problems(switch_task([{"tenantId": "a", "networkEndpoints": [{"foo": 1, "targetIp": "h"}]}])) == [
        "configs: no config says serviceNames, of the stage catalogue, nor the call stages",
        "configs[0].networkEndpoints[0].foo: unknown key; known: key, sourceDomain, sourceIp, targetDomain, targetIp, "
        "value",
    ]


def test_where_traffic_came_from_stays_in_a_variable() -> None:
    whole = {"key": "gw", "sourceIp": "10.0.0.1", "targetIp": "10.0.0.2", "value": None}
    (tenant,) = plan_of_configs([{"tenantId": "a", "networkEndpoints": [whole]}])["tenants"]
    assert tenant["network_endpoints"] == [{"key": "gw", "targetIp": "10.0.0.2"}]
    kept = {"key": "gw", "sourceIp": "10.0.0.1", "targetIp": "10.0.0.2"}
    assert tenant["variables"] == {"networkEndpoints": [kept]}


def test_what_the_call_says_goes_before_what_the_configs_say() -> None:
    stages = [{"name": "one", "steps": [{"type": "noop"}]}]
    plan = plan_of_configs([OLD], stages=stages, plan_id="mine", max_concurrency=1)
    assert (plan["plan_id"], plan["max_concurrency"], "service_names" in plan) == ("mine", 1, False)
    model = TenantDeployConfig.model_validate({"tenantId": "acme", "variables": {"a": 1}})
    assert plan_of_configs([model], stages=stages)["tenants"] == [{"tenant_id": "acme", "variables": {"a": 1}}]


def test_a_catalogue_that_is_not_there_is_named() -> None:
    (one,) = validate_plan(plan_of_configs([OLD]), settings=Settings()).errors
    assert str(one).startswith("service_names: there is no stage catalogue: no `services` in the file named by")
    bare = {key: value for key, value in OLD.items() if key != "serviceNames"}
    (one,) = validate_plan(plan_of_configs([bare]), settings=Settings()).errors
    assert str(one) == "stages: missing; give stages, or service_names of the stage catalogue"


def test_what_stands_in_the_place_of_a_config_is_told_by_its_kind() -> None:
    """Its words may be secrets."""
    said = str(problems([[{"password": "hunter2"}], '{"password": "hunter2"}', {"tenantId": "a"}]))
    assert "hunter2" not in said
    assert "a list of 1" in said
    for name in ("planId", "planVersion", "serviceNames"):
        hidden = {name: {"password": "hunter2"}}
        assert "hunter2" not in str(all_problems(switch_task([OLD | hidden])))
        assert "hunter2" not in str(problems([OLD | {"tenantId": "b"}, OLD | hidden]))
