"""Messages may be lost, doubled and late: what a real worker does with copies and with messages of an older epoch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import astuple
from typing import cast

import redis

from orchestrator.broker.messages import PUSHED
from orchestrator.client import Client
from orchestrator.domain.status import TaskState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.records import Admitted
from tests.support.cluster import Cluster
from tests.support.history import assert_gapless, types
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

PUBLISH = """
import json, sys
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Admitted
from orchestrator.settings.model import load_settings

names, rows = json.load(sys.stdin)
tasks = [Admitted(*row[:2], TaskState(row[2]), *row[3:]) for row in rows]
Dispatcher(load_settings()).publish(tasks, [names] * len(tasks))
"""


def publish(cluster: Cluster, tasks: list[Admitted], names: list[str]) -> None:
    """Through the real dispatcher, in a process of its own: ``celeryconfig`` reads the environment once a process."""
    content = json.dumps([names, [astuple(task) for task in tasks]])
    subprocess.run([sys.executable, "-c", PUBLISH], input=content, env=cluster.environment, text=True, check=True)


def test_copies_of_every_stage_message_change_nothing(
    client: Client, cluster: Cluster, place: Place, redis_client: redis.Redis, instances: TenantInstances
) -> None:
    instances.hold.clear()
    # The first stage is held for as long as messages need to arrive: no sign of life among its events.
    cluster.environment["CHANGEOVER_HEARTBEAT_SECONDS"] = "600"
    cluster.start(workers=2)
    after = [f"after-{i}" for i in range(9)]
    held = {"name": "held", "steps": [{"type": "health-check", "timeout_seconds": 60, "expected_version": 41}]}
    client.submit(plan("copies", [tenant("t0", instances, 1)], [held, *map(noop_stage, after)]))
    wait_until(lambda: instances.polls["t0/a"])
    epoch = int(redis_client.hget(Keys(place.namespace).of("tenant", "t0"), "epoch") or 0)

    # The first stage is under way: twenty more chains of the same epoch, and one of an epoch that never held.
    copy = Admitted("copies.0", "t0", TaskState.RUNNING, epoch, 0, 10)
    stale = Admitted("copies.0", "t0", TaskState.RUNNING, epoch - 1, 0, 10)
    publish(cluster, [*[copy] * 10, stale], ["held", *after])
    wait_until(lambda: cluster.logs().count("message dropped") >= 11)
    instances.hold.set()
    # And while the others run: these find a later stage under way, or recorded and its successor not begun.
    publish(cluster, [copy] * 10, ["held", *after])

    assert client.wait("copies", timeout_seconds=60).status == "COMPLETED"
    wait_until(lambda: cluster.logs().count("message dropped") >= 21)
    # Each is dropped where it arrives, with its whole chain.
    assert cluster.logs().count("message dropped") == 21
    broker = redis.Redis.from_url(place.broker_url)
    counts = cast(dict[bytes, bytes], broker.hgetall(f"changeover:{place.namespace}:{PUSHED}"))
    broker.close()
    # The task's own: one message, and a second if its first stage took longer than a delivery runs ahead.
    assert sum(map(int, counts.values())) - 21 in (1, 2)
    events = list(client.events("copies"))
    assert_gapless(list(client.events()))
    assert types(events, task_id="copies.0") == [
        "TaskCreated",
        "TaskStarted",
        *["TaskStageStarted", "TaskStageSucceeded"] * 10,
        "TaskCompleted",
    ]
    assert instances.polls["t0/a"] == 1


def test_a_late_copy_after_the_end_changes_nothing(client: Client, cluster: Cluster) -> None:
    cluster.start()
    client.submit(plan("late", [tenant("t0")], [noop_stage("one"), noop_stage("two")]))
    assert client.wait("late", timeout_seconds=60).status == "COMPLETED"
    before = [event.sequence_id for event in client.events()]

    publish(cluster, [Admitted("late.0", "t0", TaskState.RUNNING, 1, 0, 2)], ["one", "two"])
    wait_until(lambda: "drop-stale" in cluster.logs())

    assert [event.sequence_id for event in client.events()] == before
