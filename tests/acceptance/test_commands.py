"""The commands against real processes: submit, status, watch, events, as people and as scripts use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, tenant

WRONG_LATER = {"type": "health-check", "interval_seconds": 0.1, "max_attempts": 1, "timeout_seconds": 0.5}


def plan(plan_id: str, *, ends_well: bool) -> str:
    last = {"name": "look", "steps": [{"type": "noop"} if ends_well else WRONG_LATER]}
    tenants = [tenant(f"t-{number}", target_ip="127.0.0.1:9") for number in range(3)]
    plan = {"plan_id": plan_id, "name": plan_id, "max_concurrency": 2, "stages": [noop_stage("a"), last]}
    return json.dumps({**plan, "tenants": tenants})


@pytest.fixture
def cluster(place: Place, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(place, tmp_path)
    cluster.start()
    yield cluster
    cluster.end()


def test_commands(cluster: Cluster, place: Place, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(plan("good", ends_well=True))
    (tmp_path / "bad.json").write_text(plan("bad", ends_well=False))
    environment = place.environment()

    def run(*arguments: str, code: int = 0) -> str:
        result = changeover(*arguments, environment=environment, folder=tmp_path)
        assert result.returncode == code, (result.stderr, cluster.logs())
        assert "Traceback" not in result.stderr
        return result.stdout

    submitted = json.loads(run("submit", "good.json", "--json"))
    assert submitted.keys() == {"planId", "status"}
    assert submitted["planId"] == "good"
    assert "PlanCompleted" in run("watch", "good").splitlines()[-1]
    assert json.loads(run("submit", "good.json", "--wait", "--json")) == {"planId": "good", "status": "COMPLETED"}
    assert json.loads(run("submit", "bad.json", "--wait", "--json", code=1)) == {"planId": "bad", "status": "FAILED"}
    run("watch", "bad", code=1)

    events = [json.loads(line) for line in run("events", "--plan", "good", "--json").splitlines()]
    assert [event["planSequenceId"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"]) == ("PlanCreated", "PlanCompleted")
    middle = events[3]["sequenceId"]
    later = [
        json.loads(line) for line in run("events", "--plan", "good", "--since", str(middle), "--json").splitlines()
    ]
    assert later == events[4:]
    assert [json.loads(line) for line in run("watch", "good", "--json").splitlines()] == events

    status = json.loads(run("status", "bad", "--json"))
    assert (status["status"], status["counts"]["FAILED"], len(status["tasks"])) == ("FAILED", 3, 3)
    failure = status["tasks"][0]["failureInfo"]
    assert (failure["type"], failure["stageName"], failure["stepName"]) == ("HealthCheckFailed", "look", "health-check")
    assert "127.0.0.1:9" in failure["message"]
    alone = json.loads(run("status", "--task", status["tasks"][0]["taskId"], "--json"))
    # Of a task alone it also says what the tenant is at.
    assert alone == status["tasks"][0] | {"current": alone["current"]}
    assert alone["current"]["deployUnitName"] == "green"
    assert json.loads(run("status", "--tenant", "t-1", "--json"))["planId"] == "bad"
    assert [summary["planId"] for summary in json.loads(run("status", "--json"))] == ["bad", "good"]
    for arguments in ([], ["good"], ["--tenant", "t-1"]):
        assert "good" in run("status", *arguments) or arguments == ["--tenant", "t-1"]

    run("status", "nosuch", code=3)
    run("watch", "nosuch", code=3)
    run("events", "--plan", "nosuch", code=3)
    run("status", "--tenant", "nosuch", code=3)
    (tmp_path / "good.json").write_text(plan("good", ends_well=False))
    run("submit", "good.json", code=2)
