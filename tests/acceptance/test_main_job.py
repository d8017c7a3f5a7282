"""The command line end to end: `changeover` commands in processes of their own against a real cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.doors import on_redis
from tests.support.place import Place
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances

TASK_FIELDS = {
    *("taskId", "tenantId", "status", "currentStage", "completedStages", "totalStages", "progressPercent"),
    *("pauseRequested", "cancelRequested", "retryCount", "startedAt", "endedAt", "durationMillis", "waitingFor"),
    "failureInfo",
}


def run(place: Place, *arguments: str | Path) -> tuple[int, Any]:
    done = changeover(*arguments, "--json", environment=place.environment())
    lines = done.stdout.strip().splitlines()
    return done.returncode, json.loads(lines[0]) if len(lines) == 1 else [json.loads(line) for line in lines]


@pytest.fixture
def plan_file(tmp_path: Path, instances: TenantInstances) -> Path:
    path = tmp_path / "plan.yaml"
    tenants = [tenant(f"t{i}", instances) for i in range(3)]
    path.write_text(yaml.safe_dump(plan("main", tenants, [SWITCH, noop_stage("after")])))
    return path


def test_submit_wait_status_events_and_a_second_submit(cluster: Cluster, place: Place, plan_file: Path) -> None:
    cluster.start()

    code, submitted = run(place, "submit", plan_file, "--wait")
    assert (code, submitted["planId"], submitted["status"]) == (0, "main", "COMPLETED")

    code, status = run(place, "status", "main")
    assert code == 0
    assert {"planId", "name", "status", "pausing", "maxConcurrency", "counts", "tasks"} <= set(status)
    assert status["counts"] == {"COMPLETED": 3}
    for task in status["tasks"]:
        assert set(task) >= TASK_FIELDS
        assert task["durationMillis"] >= 0
        assert task["startedAt"].endswith("Z")

    code, plans = run(place, "status")
    assert (code, [entry["planId"] for entry in plans]) == (0, ["main"])
    code, one = run(place, "status", "--tenant", "t1")
    assert (code, one["taskId"], one["status"]) == (0, "main.1", "COMPLETED")
    # Of a tenant it is also said what it is at.
    assert one.pop("current")
    assert one.pop("lastKnownGood")
    code, task = run(place, "status", "--task", "main.1")
    assert code == 0
    assert {name: task[name] for name in one} == one

    code, events = run(place, "events", "--plan", "main")
    assert code == 0
    assert [event["planSequenceId"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"]) == ("PlanCreated", "PlanCompleted")
    code, rest = run(place, "events", "--since", str(events[9]["sequenceId"]))
    assert (code, rest) == (0, events[10:])
    code, watched = run(place, "watch", "main")
    assert (code, watched) == (0, events)

    assert run(place, "submit", plan_file) == (0, {"planId": "main", "status": "COMPLETED"})
    changed = plan_file.with_name("changed.yaml")
    changed.write_text(plan_file.read_text().replace("Plan main", "Another name"))
    refused = changeover("submit", changed, environment=place.environment())
    assert refused.returncode == 2
    assert "plan_id: a plan main exists with other content" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_plan_that_ends_badly(cluster: Cluster, place: Place, plan_file: Path, instances: TenantInstances) -> None:
    instances.stubborn.add("t2/a")
    cluster.start()

    code, submitted = run(place, "submit", plan_file, "--wait")
    assert (code, submitted["status"]) == (1, "FAILED")
    assert run(place, "watch", "main")[0] == 1
    # Reading commands exit 0 whenever they could answer.
    code, status = run(place, "status", "--tenant", "t2")
    assert (code, status["failureInfo"]["type"]) == (0, "HealthCheckFailed")
    code, explained = run(place, "explain", "--task", "main.2")
    assert code == 0
    assert "a says version 41" in explained["reasons"][0]

    instances.stubborn.clear()
    code, retried = run(place, "retry", "--plan", "main", "--reason", "mended", *place.asked_by("ada"), "--wait")
    assert (code, retried["accepted"], retried["status"]) == (0, True, "COMPLETED")
    code, rolled = run(place, "rollback", "--plan", "main", "--wait")
    assert (code, rolled["status"]) == (0, "ROLLED_BACK")
    assert instances.client.hget("tenant_config:t2", "gateway") == '{"version":41}'


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "nowhere"),
        ("status", "--tenant", "nobody"),
        ("status", "--task", "nowhere.0"),
        ("watch", "nowhere"),
        ("events", "--plan", "nowhere"),
        ("explain", "--plan", "nowhere"),
        ("pause", "--plan", "nowhere"),
        ("retry", "--task", "nowhere.0"),
    ],
    ids=" ".join,
)
def test_what_does_not_exist(place: Place, arguments: tuple[str, ...]) -> None:
    done = changeover(*arguments, environment=place.environment())
    assert done.returncode == 3
    assert done.stderr.startswith("error: no ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_an_operation_without_a_target(place: Place) -> None:
    done = changeover("pause", environment=place.environment())
    assert (done.returncode, done.stderr) == (2, "error: give one id, or exactly one of --plan, --tenant and --task\n")


@on_redis
def test_state_and_broker_must_not_share_a_database(place: Place) -> None:
    environment = {**place.environment(), "CHANGEOVER_BROKER_URL": place.redis_url}
    for command in ("coordinator", "worker", "status"):
        done = changeover(command, environment=environment)
        assert done.returncode == 2
        assert "must not share a Redis database" in done.stderr
