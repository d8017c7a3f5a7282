"""The facade of the old executor on the real ledger: DTO in, deep copies inward, results out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.control.target import target_of
from orchestrator.domain.config import TenantDeployConfig
from orchestrator.domain.errors import InvalidInput
from orchestrator.facade import DeploymentTaskFacade
from tests.support.cluster import Cluster
from tests.support.plans import SWITCH, noop_stage, tenant
from tests.support.tenant_instances import TenantInstances


def test_create_query_and_operate(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    facade = DeploymentTaskFacade(client)
    dtos = [TenantDeployConfig.model_validate(tenant(f"t{i}", instances, 1)) for i in range(2)]
    created = facade.create_switch_task(dtos, plan_id="old", stages=[SWITCH, noop_stage("after")])
    assert (created.success, created.plan_id, created.task_ids) == (True, "old", ("old.0", "old.1"))

    assert facade.pause_task_by_plan("old").status == "PAUSED"
    assert facade.query_task_status("old.1").status == "PENDING"
    assert facade.resume_task_by_plan("old").success
    assert facade.pause_task_by_tenant("t1").status == "PAUSED"
    cluster.start()
    target = target_of(tenant_id="t0")
    client.wait_target(target)
    info = facade.query_task_status_by_tenant("t0")
    assert (info.status, info.completed_stages, info.total_stages, info.progress_percent) == ("COMPLETED", 2, 2, 100.0)
    assert info.duration_millis is not None
    assert [one.state for one in facade.find_drift_by_tenant("t0")] == ["there"]
    assert [one.tenant_id for one in facade.find_drift_by_plan("old")] == ["t0", "t1"]

    refused = facade.retry_task_by_tenant("t0", True)
    assert (refused.success, refused.message) == (
        False,
        "task old.0 of plan old: not possible while it is COMPLETED",
    )
    assert facade.rollback_task_by_tenant("t0").success
    assert client.wait_target(target) == "ROLLED_BACK"
    assert facade.resume_task_by_tenant("t1").success
    assert client.wait("old", timeout_seconds=60).counts == {"ROLLED_BACK": 1, "COMPLETED": 1}
    assert facade.cancel_task("old.1").success is False
    message = facade.cancel_task_by_tenant("nobody").message
    assert message.startswith("no task of tenant 'nobody' in namespace 'test-")


def test_preview_and_freezes(client: Client) -> None:
    facade = DeploymentTaskFacade(client)
    configs, plan = [tenant("t0")], {"plan_id": "p", "stages": [noop_stage("one")]}
    seen = facade.preview_switch_task(configs, **plan)
    assert (seen.success, [one.tenant_id for one in seen.tenants]) == (True, ["t0"])
    nothing: Any = None
    found = facade.preview_switch_task([nothing], **plan).problems
    assert found == ("configs[0]: expected a tenant's config (got 'null')",)
    assert facade.create_switch_task(configs, preview=seen.digest, **plan).success
    assert not facade.create_switch_task([tenant("t1")], preview=seen.digest, **plan).success
    freeze = facade.freeze_tenants("t*", "a release", 3600)
    assert [one.freeze_id for one in facade.query_freezes("t0")] == [freeze.freeze_id]
    assert facade.unfreeze(freeze.freeze_id, "done").success
    assert not facade.unfreeze(freeze.freeze_id, "again").success
    assert facade.query_freezes() == ()


def test_what_the_caller_changes_later_changes_nothing(client: Client) -> None:
    dto = tenant("t0", variables={"list": [1]})
    facade = DeploymentTaskFacade(client)
    first = facade.create_switch_task([dto], plan_id="copy", stages=[noop_stage("one")])
    dto["variables"]["list"].append(2)

    again = facade.create_switch_task([dto], plan_id="copy", stages=[noop_stage("one")])

    assert first.success
    assert not again.success
    assert "other content" in again.problems[0]


def test_the_old_configs_as_they_are(client: Client) -> None:
    facade = DeploymentTaskFacade(client)
    old = {"planId": 7, "planVersion": 1, "tenantId": 12, "deployUnitVersion": 3, "trunkGroup": None}
    created = facade.create_switch_task([old], stages=[noop_stage("one")])
    assert (created.success, created.plan_id, created.task_ids) == (True, "7-v1", ("7-v1.0",))
    assert facade.query_task_status_by_tenant("12").status == "PENDING"
    nothing: Any = None
    refused = facade.create_switch_task([old, nothing, {"tenantId": 13}], service_names=["portal"])
    missing, null = refused.problems
    assert "there is no stage catalogue" in missing
    assert null == "configs[1]: expected a tenant's config (got 'null')"
    (problem,) = facade.create_switch_task([old], service_names=["portal"]).problems
    assert "there is no stage catalogue" in problem


def test_a_bad_config_creates_nothing(client: Client) -> None:
    created = DeploymentTaskFacade(client).create_switch_task(
        [{"tenantId": "a", "tenantid": "b"}], plan_id="bad", stages=[noop_stage("one")]
    )
    assert created.success is False
    assert "unknown" in created.problems[0]
    assert client.plans() == []


def test_ids_are_taken_as_numbers_or_refused_before_anything_is_asked(client: Client) -> None:
    facade: Any = DeploymentTaskFacade(client)
    facade.create_switch_task(
        [{**tenant("77"), "tenantId": 77, "planId": 4711} | {"tenant_id": None}], stages=[noop_stage("one")]
    )
    for answer in (facade.pause_task_by_tenant(77), facade.resume_task_by_tenant(77), facade.cancel_task_by_tenant(77)):
        assert (answer.success, answer.target_id) == (True, "77")
    assert facade.query_task_status_by_tenant(77).tenant_id == "77"
    assert not facade.pause_task_by_plan(4712).success
    reasons = {"accept_failure_by_task", "accept_failures_by_plan", "skip_failed_stage", "unfreeze"}
    arguments: dict[str, tuple[Any, ...]] = dict.fromkeys(reasons, ("known",))
    arguments |= {"exclude_tenants_by_plan": ("7*", "known")}
    arguments |= {"retry_task_by_tenant": (True,), "retry_task_by_plan": (True,)}
    wrongs: tuple[Any, ...] = (None, True, 1.5, [])
    for name in sorted(one for one in dir(DeploymentTaskFacade) if re.search("_by_|^cancel|^skip|^unfreeze", one)):
        for wrong in wrongs:
            if name.startswith(("query", "find")):
                with pytest.raises(InvalidInput, match="expected text or a whole number"):
                    getattr(facade, name)(wrong)
            else:
                refused = getattr(facade, name)(wrong, *arguments.get(name, ()))
                assert not refused.success
                assert f"expected text or a whole number, not {wrong!r}" in refused.message
