"""`explain` and the commands of an operator: one plain sentence for each thing that a task waits for."""

from __future__ import annotations

import json

import pytest
import redis

from orchestrator.client import Client
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.doors import names_actors
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


@pytest.fixture
def ledger(redis_client: redis.Redis, settings: Settings) -> Ledger:
    return Ledger(redis_client, settings)


@names_actors
def test_what_a_task_waits_for(client: Client, ledger: Ledger, redis_client: redis.Redis) -> None:
    stages = [noop_stage("one"), noop_stage("two")]
    client.submit(plan("a", [tenant(name) for name in ("t0", "t1", "t2")], stages, max_concurrency=1))
    client.submit(plan("b", [tenant("t0"), tenant("t9")], stages, max_concurrency=2))

    def said(**target: str) -> str:
        return " | ".join(client.explain(whole=False, **target).reasons)

    assert "no coordinator is alive" in said(task_id="a.0")
    (first,) = ledger.admit("a", 10).tasks
    ledger.admit("b", 10)
    assert "it waits for a slot: 1 of 1 are in use (a.0) and 1 tasks are before it" in said(task_id="a.2")
    assert "it waits for tenant t0, held by task a.0 of plan a since 20" in said(task_id="b.0")
    assert "stage one (1 of 2) waits for a worker" in said(task_id="a.0")
    assert "no worker consumes queue lane-" in said(task_id="a.0")

    turn = Turn("a.0", first.epoch, 0, 0)
    ledger.begin(turn, "host:7/abc")
    gone = "stage one (1 of 2) ran on worker host:7, which has signed off or is gone: it ends its stage if it"
    assert gone in said(task_id="a.0")
    assert "1 ran on worker host:7, which has signed off or is gone: it ends its stages if" in said(plan_id="a")
    ledger.call("beat", "worker:host:7", "[]", 0, "{}", 1, "{}")
    assert "stage one (1 of 2) runs on worker host:7" in said(task_id="a.0")
    assert "1 run on workers" in said(plan_id="a")
    client.pause(plan_id="a", actor="bob", reason="lunch")
    assert "its plan is pausing by bob (lunch): it pauses when stage one has ended well" in said(task_id="a.0")
    assert "it is pausing by bob (lunch): 1 stages still run to their end" in said(plan_id="a")
    assert "its plan is paused by bob (lunch)" in said(task_id="a.1")
    ledger.poll_again(turn, 60, '{"step": 0, "attempt": 4, "note": "attempt 4 of 10: gw-1 says version 41"}')
    assert "between polls after attempt 4, next in" in said(task_id="a.0")
    assert "attempt 4 of 10: gw-1 says version 41" in said(task_id="a.0")

    client.resume(plan_id="a", actor="eve")
    client.cancel(plan_id="a", actor="bob")
    assert "its plan is being cancelled by bob: it stops when stage one has ended well" in said(task_id="a.0")
    assert client.summary("a").cancelling
    client.cancel(task_id="a.2", actor="eve")
    assert said(task_id="a.2").startswith("it has ended as CANCELLED by eve | ")


@names_actors
def test_the_operators_commands(client: Client, place: Place) -> None:
    client.submit(plan("p", [tenant("t0"), tenant("t1")], [noop_stage("one")]))

    def run(*arguments: str) -> tuple[int, dict[str, object]]:
        done = changeover(*arguments, "--json", environment=place.environment())
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    code, paused = run("pause", "--plan", "p", "--actor", "ada", "--reason", "noise", "--wait")
    assert (code, paused["accepted"], paused["status"]) == (0, True, "PAUSED")
    assert run("pause", "--plan", "p")[1]["message"] == "it is paused already"
    text = changeover("status", "p", environment=place.environment()).stdout
    assert "last: pause by ada at 20" in text
    assert "(noise)" in text
    code, resumed = run("resume", "--plan", "p")
    assert (code, resumed["status"]) == (0, "RUNNING")
    # The tenant's task is found once: another one may speak for the tenant as soon as this one has ended.
    client.submit(plan("q", [tenant("t0")], [noop_stage("one")]))
    client.cancel(task_id="q.0")
    code, cancelled = run("cancel", "--tenant", "t1", "--wait")
    assert (code, cancelled["targetType"], cancelled["targetId"], cancelled["status"]) == (
        0,
        "tenant",
        "t1",
        "CANCELLED",
    )
    code, refused = run("retry", "--task", "p.1")
    assert (code, refused["accepted"]) == (3, False)
    assert "--from-scratch" in str(refused["message"])
    code, retried = run("retry", "--task", "p.1", "--from-scratch")
    assert (code, retried["status"]) == (0, "PENDING")
    code, refused = run("rollback", "--task", "p.1")
    assert (code, refused["accepted"]) == (3, False)
    done = changeover("pause", "--plan", "p", "--reason", "x" * 1001, environment=place.environment())
    assert (done.returncode, "at most 1000 characters" in done.stderr) == (2, True)
