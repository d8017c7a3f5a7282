"""A freeze set while real workers move tenants: what runs ends, what is frozen waits, and may pass with a reason."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.doors import names_actors
from tests.support.history import assert_gapless, types
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

Command = Callable[..., tuple[int, str, str]]


@names_actors
def test_a_freeze_during_a_plan_and_an_override_with_its_reason(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    names = [f"eu-{i}" if i % 2 else f"us-{i}" for i in range(12)]
    tenants = [tenant(name, instances, 1, labels={"region": name[:2]}) for name in names]
    moved = plan("moved", tenants, [SWITCH, noop_stage("after")], max_concurrency=2)
    instances.hold.clear()
    cluster.start()
    client.submit(moved)
    wait_until(lambda: client.summary("moved").counts.get("RUNNING") == 2)
    frozen = client.freeze(label="region=eu", every="daily 00:00-24:00 UTC", reason="quarter end", actor="ops-7")
    instances.hold.set()
    # us-0 and eu-1 were moving; what is not frozen goes on beside them.
    wait_until(lambda: client.summary("moved").counts == {"PENDING": 5, "COMPLETED": 7})
    assert client.task_status("moved.1").status == "COMPLETED"

    waits = client.task_status("moved.3")
    assert waits.waits_because is not None
    assert waits.waits_because.startswith("frozen until")
    assert waits.waits_because.endswith("by ops-7 (quarter end)")
    (said,) = [one for one in client.explain(plan_id="moved").remarks if one.situation == "frozen"]
    assert said.commands == [f"changeover unfreeze {frozen.freeze_id} --reason 'it is needed no longer'"]
    assert [(one.freeze_id, one.in_force, one.waiting) for one in client.freezes("eu-3")] == [
        (frozen.freeze_id, True, 5)
    ]
    assert client.freezes("us-0") == []

    client.submit(moved, override_freeze="the old unit goes tonight", actor="ada")
    assert client.wait("moved", timeout_seconds=60).status == "COMPLETED"
    asked = [event for event in client.events() if event.type == "OperationRequested"]
    told = [(event.operation, event.target_id, event.actor, event.reason) for event in asked]
    assert told == [("override-freeze", "moved", "ada", "the old unit goes tonight")]

    client.submit(plan("next", [tenant("eu-9", labels={"region": "eu"})], [noop_stage("one")]))
    wait_until(lambda: client.task_status("next.0").waits_because)
    client.unfreeze(frozen.freeze_id, reason="it is over")
    assert client.wait("next", timeout_seconds=30).status == "COMPLETED"
    assert client.freezes() == []
    events = list(client.events())
    assert types(events)[-1] == "PlanCompleted"
    assert_gapless(events)
