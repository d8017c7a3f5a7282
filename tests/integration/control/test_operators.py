"""Several people at once, and the cases that only the orchestrator and the runner decide."""

from __future__ import annotations

import random
import threading

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.target import OperationTarget, target_of
from orchestrator.domain.errors import InvalidInput, NotFound
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.operations import Operation, Order
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.doors import names_actors
from tests.support.history import assert_gapless, check_ledger, most_running, types
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

SEED = 20261124
ORDERS = 60
"""That each client gives."""


def test_twenty_clients_fire_at_one_plan(
    settings: Settings, client: Client, cluster: Cluster, redis_client: redis.Redis, instances: TenantInstances
) -> None:
    tenants = [f"t{i}" for i in range(24)]
    cluster.start(coordinators=2, workers=2)
    stages = [noop_stage("one"), SWITCH, noop_stage("three")]
    client.submit(plan("busy", [tenant(name, instances, 1) for name in tenants], stages, max_concurrency=6))
    answers: list[bool] = []
    faults: list[BaseException] = []

    def fire(number: int) -> None:
        choose = random.Random(SEED + number)
        targets = [OperationTarget("plan", "busy"), *(OperationTarget("tenant", name) for name in tenants)]
        try:
            with Client(settings) as own:
                for _ in range(ORDERS):
                    operation = choose.choice(list(Operation))
                    order = Order(f"operator-{number}", "", choose.random() < 0.5, choose.random() < 0.3)
                    answers.append(own.operate(operation, choose.choice(targets), order).accepted)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            faults.append(error)

    threads = [threading.Thread(target=fire, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert any(answers)
    assert not all(answers)
    # Whatever state that left: let everything go on, and give up what nobody wants to move.
    client.resume(plan_id="busy")
    for name in tenants:
        client.resume(tenant_id=name)
    client.cancel(plan_id="busy")
    wait_until(lambda: client.summary("busy").status in PLAN_ENDED, 60)
    check_ledger(redis_client, Keys(settings.namespace))
    events = list(client.events("busy"))
    assert_gapless(list(client.events()))
    assert most_running(events, "busy") <= 6


def test_resume_racing_pause(settings: Settings, client: Client, cluster: Cluster, redis_client: redis.Redis) -> None:
    cluster.start(workers=2)
    client.submit(plan("race", [tenant(f"t{i}") for i in range(12)], [noop_stage(f"s{i}") for i in range(4)], 3))
    gate = threading.Barrier(2)

    def repeat(word: str) -> None:
        with Client(settings) as own:
            for _ in range(40):
                gate.wait()
                own.operate(Operation(word), OperationTarget("plan", "race"), Order(word))

    threads = [threading.Thread(target=repeat, args=(word,)) for word in ("pause", "resume")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    client.resume(plan_id="race")
    assert client.wait("race", timeout_seconds=60).counts == {"COMPLETED": 12}
    check_ledger(redis_client, Keys(settings.namespace))
    started = [(e.task_id, e.stage_name) for e in client.events("race") if e.type == "TaskStageStarted"]
    assert len(started) == len(set(started)) == 48


def test_a_rollback_stops_before_an_irreversible_stage_unless_forced(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    cluster.start()
    stages = [SWITCH, {**noop_stage("drop-old"), "irreversible": True}, noop_stage("after")]
    client.submit(plan("one-way", [tenant("t0", instances, 1)], stages))
    assert client.wait("one-way", timeout_seconds=60).status == "COMPLETED"

    client.rollback(task_id="one-way.0")
    target = target_of(task_id="one-way.0")
    assert client.wait_target(target) == "ROLLBACK_FAILED"

    failure = client.task_status("one-way.0").failure_info
    assert failure is not None
    assert (failure.type, failure.stage_name) == ("IrreversibleStage", "drop-old")
    assert "--force" in failure.message
    assert types(client.events("one-way"), stage_name="after")[-1] == "TaskStageRolledBack"
    assert instances.client.hget("tenant_config:t0", "gateway") == '{"version":42}'

    client.rollback(task_id="one-way.0", force=True)
    assert client.wait_target(target) == "ROLLED_BACK"
    # It went on where it stopped: the stage that was back already was not taken back again.
    assert types(client.events("one-way"), stage_name="after").count("TaskStageRolledBack") == 1
    assert instances.client.hget("tenant_config:t0", "gateway") == '{"version":41}'


@names_actors
def test_a_tenant_means_its_holder_then_its_first_waiter_then_its_newest_task(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    instances.hold.clear()
    for name in ("first", "second"):
        client.submit(plan(name, [tenant("t0", instances, 1)], [SWITCH]))
    assert client.tenant_status("t0").task_id == "second.0"
    cluster.start()
    wait_until(lambda: client.tenant_status("t0").task_id == "first.0")
    assert client.explain(task_id="second.0").reasons[0].startswith("it waits for tenant t0, held by task first.0")

    paused = client.pause(tenant_id="t0", reason="look", actor="ada")

    assert (paused.target_type, paused.target_id, paused.accepted) == ("tenant", "t0", True)
    assert client.task_status("first.0").pause_requested
    said = client.explain(tenant_id="t0").reasons[-1]
    assert said == "it is pausing by ada (look): stage switch-gateway is its last, so it ends with that instead"
    last = client.task_status("first.0").last_operation
    assert last is not None
    assert (last.operation, last.actor, last.reason) == ("pause", "ada", "look")
    instances.hold.set()
    wait_until(lambda: client.task_status("first.0").status in ("PAUSED", "COMPLETED"))
    client.resume(task_id="first.0")
    assert client.wait("second", timeout_seconds=60).status == "COMPLETED"
    with pytest.raises(NotFound):
        client.pause(tenant_id="nobody")
    with pytest.raises(InvalidInput):
        client.pause(tenant_id="t0", plan_id="first")


def test_a_stage_that_takes_too_long_fails_and_its_late_result_is_dropped(
    client: Client, cluster: Cluster, instances: TenantInstances
) -> None:
    instances.hold.clear()
    cluster.start()
    client.submit(plan("slow", [tenant("t0", instances, 1)], [{**SWITCH, "timeout_seconds": 1.0}, noop_stage("two")]))
    wait_until(lambda: client.summary("slow").status == "FAILED")
    failure = client.task_status("slow.0").failure_info
    assert failure is not None
    assert (failure.type, failure.stage_name) == ("StageTimeout", "switch-gateway")
    before = list(client.events())

    instances.hold.set()
    wait_until(lambda: "STALE" in cluster.logs() or "fenced" in cluster.logs())

    assert list(client.events()) == before
