"""Failures answered with real workers and instances: a stage left out, a task that goes back by itself."""

from __future__ import annotations

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.long import long
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances


@long
def test_a_task_goes_on_behind_a_stage_that_failed_and_its_way_back_takes_it_too(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    cluster.start(workers=1)
    instances.stubborn.add("a/b")
    client.submit(plan("p", [tenant("a", instances)], [noop_stage("before"), SWITCH, noop_stage("after")]))
    assert client.wait("p", timeout_seconds=30).status == "FAILED"
    commands = [command for remark in client.explain(task_id="p.0").remarks for command in remark.commands]
    assert "changeover skip-stage --task p.0 --reason 'say why'" in commands

    polls = instances.polls.total()
    assert client.skip_stage("p.0", reason="b is gone for good").accepted
    ended = client.wait("p", timeout_seconds=30)
    assert (ended.status, ended.accepted_failures) == ("COMPLETED", 1)
    assert ended.tasks[0].skipped_stages == ["switch-gateway"]
    # It is recorded, not run.
    assert instances.polls.total() == polls
    kinds = [event.type for event in client.events("p")]
    assert kinds.index("TaskStageSkipped") > kinds.index("TaskFailed")
    assert client.task_status("p.0").last_known_good is None

    client.rollback(task_id="p.0")
    assert client.wait("p", timeout_seconds=30).counts == {"ROLLED_BACK": 1}
    assert instances.client.hget("tenant_config:a", "gateway") == '{"version":41}'


def test_a_failed_task_goes_back_by_itself(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    cluster.start(workers=1)
    instances.stubborn.add("bad/a")
    tenants = [tenant("bad", instances), tenant("good", instances)]
    client.submit(plan("p", tenants, [SWITCH]) | {"auto_rollback": "task", "failure_tolerance": {"count": 1}})
    ended = client.wait("p", timeout_seconds=30)
    assert (ended.status, ended.counts) == ("ROLLED_BACK", {"ROLLED_BACK": 1, "COMPLETED": 1})
    assert ended.breaker is not None
    assert (ended.breaker.failed, ended.breaker.tolerance) == (1, 1)
    asked = [event for event in client.events("p") if getattr(event, "actor", "") == "policy"]
    assert [getattr(event, "operation", "") for event in asked] == ["rollback"]
    assert instances.client.hget("tenant_config:bad", "gateway") == '{"version":41}'


def test_failures_that_are_accepted_let_a_plan_end_well(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    cluster.start(workers=1)
    instances.stubborn.add("bad/a")
    client.submit(plan("p", [tenant("bad", instances), tenant("good", instances)], [SWITCH]))
    assert client.wait("p", timeout_seconds=30).status == "FAILED"
    request = client.accept(plan_id="p", cause="health*", reason="known")
    assert (request.accepted, request.status) == (True, "COMPLETED")
    assert request.message == "1 failure is accepted: it does not count any more"
    again = client.accept(plan_id="p", cause="health*", reason="known", request_id=request.request_id)
    assert again == request
    assert not client.accept(plan_id="p", reason="known").accepted
    status = client.status("p")
    assert (status.accepted_failures, [task.accepted for task in status.tasks]) == (1, [True, False])
