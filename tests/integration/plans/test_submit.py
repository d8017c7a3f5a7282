"""Submit is one plan, however often and however badly it is tried (I11)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner

from orchestrator.cli.app import app
from orchestrator.client import Client
from orchestrator.domain.errors import InvalidInput, PlanConflict
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.history import types
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.planted import aged, beat
from tests.support.waiting import wait_until

STAGES = [noop_stage("one")]


def test_the_same_plan_twice_is_one_plan(client: Client) -> None:
    content = plan("twice", [tenant("a"), tenant("b")], STAGES)
    first = client.submit(content)
    before = list(client.events())

    second = client.submit(content)

    assert (first.plan_id, first.status) == (second.plan_id, second.status) == ("twice", "READY")
    assert list(client.events()) == before
    assert [summary.plan_id for summary in client.plans()] == ["twice"]
    passes = client.submit(content, override_freeze="urgent").warnings
    assert [str(one) for one in passes][-1] == "override_freeze: it passes all freezes from now on"


def test_who_submits_where_no_coordinator_is_alive_is_told(
    client: Client, place: Place, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan("p", [tenant("a")], STAGES)))

    def submit() -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["submit", str(path), "--json"], env=place.environment())
        return done.exit_code, done.stdout, done.stderr

    said = f"none is alive in namespace '{place.namespace}', so nothing moves yet; start one: `changeover coordinator`"
    code, out, err = submit()
    assert (code, json.loads(out)) == (0, {"planId": "p", "status": "READY"})
    assert said in err
    assert "there already" not in err
    world = LedgerWorld(redis_client, settings)
    beat(world, "coordinator")
    assert submit()[:2] == (0, out)
    assert "coordinator" not in submit()[2]
    aged(world, "coordinator:h:1", 60)
    assert said in submit()[2]
    client.cancel(plan_id="p")
    world.serve("p")
    told = submit()[2].splitlines()[-1]
    assert told == "warning: plan_id: this very plan is there already, CANCELLED: nothing was submitted"
    waits = CliRunner().invoke(app, ["submit", str(path), "--wait"], env=place.environment())
    assert "submitted p" not in waits.stderr


def test_spelling_does_not_make_another_plan(client: Client) -> None:
    client.submit(plan("spelling", [tenant("a")], STAGES))
    content = plan("spelling", [tenant("a")], STAGES)
    content["maxConcurrency"] = content.pop("max_concurrency")
    content["tenants"][0]["deployUnitName"] = content["tenants"][0].pop("deploy_unit_name")

    assert client.submit(content).status == "READY"


@pytest.mark.parametrize(
    "other",
    [
        plan("same-id", [tenant("a"), tenant("c")], STAGES),
        plan("same-id", [tenant("a"), tenant("b")], [noop_stage("two")]),
        plan("same-id", [tenant("a"), tenant("b")], STAGES, max_concurrency=5),
        plan("same-id", [tenant("b"), tenant("a")], STAGES),
    ],
    ids=["tenant", "stage", "cap", "order"],
)
def test_the_same_id_with_other_content_is_an_error(client: Client, other: dict[str, object]) -> None:
    client.submit(plan("same-id", [tenant("a"), tenant("b")], STAGES))
    before = list(client.events())

    with pytest.raises(PlanConflict, match="same-id exists with other content"):
        client.submit(other)

    assert list(client.events()) == before


def test_bad_input_writes_nothing(client: Client, redis_client: redis.Redis) -> None:
    content = plan("bad", [tenant("a"), tenant("a")], [{"name": "x", "steps": [{"type": "nope"}]}], max_concurrency=0)

    with pytest.raises(InvalidInput) as caught:
        client.submit(content)

    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"max_concurrency", "tenants[1].tenant_id", "stages[0].steps[0].type"}
    assert redis_client.dbsize() == 0


SUBMIT = """
import os, signal, sys
from orchestrator.client import Client
from tests.support.plans import noop_stage, plan, tenant

def progress(written):
    if written >= 200:
        os.kill(os.getpid(), signal.SIGKILL)

Client().submit(plan("cut", (tenant(f"t{i}") for i in range(300)), [noop_stage("one")], 50), progress)
"""


def test_a_submit_cut_off_leaves_nothing_running_and_can_be_repeated(
    client: Client, cluster: Cluster, place: Place, redis_client: redis.Redis
) -> None:
    cluster.start()
    died = subprocess.run([sys.executable, "-c", SUBMIT], env=cluster.environment, check=False)
    assert died.returncode == -signal.SIGKILL
    keys = Keys(place.namespace)
    assert client.summary("cut").status == "CREATED"
    assert redis_client.hget(keys.of("plan", "cut"), "written") == "200"
    # A coordinator that is told to look at the draft starts nothing of it.
    redis_client.xadd(keys.of("inbox"), {"plan": "cut"})
    wait_until(lambda: redis_client.xlen(keys.of("inbox")) == 0)
    assert set(types(client.events())) == {"PlanCreated", "TaskCreated"}

    client.submit(plan("cut", (tenant(f"t{i}") for i in range(300)), STAGES, 50))

    assert client.wait("cut", timeout_seconds=80).counts == {"COMPLETED": 300}
    created = [event.task_id for event in client.events("cut") if event.type == "TaskCreated"]
    assert created == [f"cut.{i}" for i in range(300)]


def test_many_submits_of_one_plan_at_once(settings: Settings, client: Client) -> None:
    content = plan("race", [tenant(f"t{i}") for i in range(900)], STAGES)
    gate = threading.Barrier(6)
    answers: list[str] = []

    def submit() -> None:
        with Client(settings) as own:
            gate.wait()
            answers.append(own.submit(content).status)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == ["READY"] * 6
    kinds = types(client.events("race"))
    assert kinds == ["PlanCreated", *["TaskCreated"] * 900, "PlanReady"]


def test_a_plan_file_is_taken_as_it_is(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(
        '{"planId": "f", "name": "F", "maxConcurrency": 1, "stages": [{"name": "s", "steps": '
        '[{"type": "noop"}]}], "tenants": [{"tenantId": "a", "deployUnitVersion": 1}]}'
    )

    assert client.submit(path).plan_id == "f"
