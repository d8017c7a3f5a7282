"""The HTTP API: what it answers, how it says no, and that a page is a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from pydantic import SecretStr

from orchestrator.console.api import tasks as tasks_api
from orchestrator.ledger import task_search
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.counted_calls import counted_calls
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return told["status"], told["code"]


def test_a_plan_is_submitted_once(console: ConsoleServer) -> None:
    made = plan("blue", [tenant("acme"), tenant("birch")], [noop_stage("a")])
    first = console.post("/api/v1/plans", json=made, role="operator")
    assert (first.status_code, first.json()["planId"], first.json()["status"]) == (201, "blue", "READY")
    again = console.post(
        "/api/v1/plans", content=json.dumps(made), headers={"Content-Type": "application/yaml"}, role="operator"
    )
    assert (again.status_code, again.json()["planId"]) == (200, "blue")
    assert problem(console.post("/api/v1/plans", json={**made, "name": "other"})) == (409, "plan_conflict")
    wrong = console.post("/api/v1/plans", json={**made, "plan_id": "b", "max_concurrency": 0, "stages": []})
    assert problem(wrong) == (422, "invalid_input")
    assert {error["path"] for error in wrong.json()["errors"]} >= {"max_concurrency", "stages"}
    assert problem(console.post("/api/v1/plans", content=b"{", headers={"Content-Type": "application/json"}))[0] == 422
    assert problem(console.post("/api/v1/plans", data={"a": "b"}))[0] == 415
    unnamed = {name: value for name, value in made.items() if name != "plan_id"}
    key = {"Idempotency-Key": "k-1"}
    ids = {console.post("/api/v1/plans", json=unnamed, headers=key).json()["planId"] for _ in range(2)}
    assert len(ids) == 1

    checked = console.post("/api/v1/plans:validate", json={**made, "max_concurrency": 0}, role="viewer").json()
    assert (checked["valid"], checked["errors"][0]["path"]) == (False, "max_concurrency")
    shown = console.post("/api/v1/plans:validate?show=true", json=made, role="viewer").json()
    assert (shown["valid"], [one["tenantId"] for one in shown["tenants"]]) == (True, ["acme", "birch"])
    preview = console.post("/api/v1/plans:preview", json={**made, "plan_id": "next"}, role="viewer")
    lines = [json.loads(line) for line in preview.text.splitlines()]
    assert ([line.get("tenantId") for line in lines], lines[-1]["tenants"]) == (["acme", "birch", None], 2)
    assert problem(console.post("/api/v1/plans:preview?againstPlan=no", json=made, role="viewer")) == (404, "not_found")
    bound = {"json": {**made, "plan_id": "next"}, "params": {"preview": lines[-1]["digest"]}}
    assert console.post("/api/v1/plans", **bound).status_code == 201


def test_lists_are_read_a_page_at_a_time(
    console: ConsoleServer, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcde":
        world.plan(f"plan-{name}", [f"{name}-{n}" for n in range(3)], traits={f"{name}-1": {"labels": {"ring": "one"}}})
    # Of one moment, as plans of a script are.
    world.client.zadd(world.keys.of("plans"), dict.fromkeys([f"plan-{name}" for name in "bcd"], 5), xx=True)

    def pages(path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        found, cursor = [], None
        while True:
            page = console.get(path, role="viewer", params={**query, **({"cursor": cursor} if cursor else {})}).json()
            assert len(page[name]) <= query.get("limit", 50)
            found += page[name]
            if (cursor := page["nextCursor"]) is None:
                return found

    newest = [entry["planId"] for entry in console.get("/api/v1/plans").json()["plans"]]
    assert sorted(newest) == [f"plan-{name}" for name in "abcde"]
    for limit in (1, 2, 4):
        assert [entry["planId"] for entry in pages("/api/v1/plans", "plans", limit=limit)] == newest
    assert pages("/api/v1/plans", "plans", status="RUNNING") == []
    assert len(pages("/api/v1/plans", "plans", status="READY", limit=2)) == 5

    world.started("big", [f"t{n:02}" for n in range(30)], max_concurrency=4)
    world.break_stage("big.2")
    world.finish("big.0")
    tasks = pages("/api/v1/plans/big/tasks", "tasks", limit=7)
    assert [task["taskId"] for task in tasks] == [f"big.{n}" for n in range(30)]
    failed = console.get("/api/v1/plans/big/tasks", params={"status": "FAILED"}).json()
    assert (failed["matching"], [task["taskId"] for task in failed["tasks"]]) == (1, ["big.2"])
    assert [task["tenantId"] for task in pages("/api/v1/plans/big/tasks", "tasks", tenant="t1*", limit=3)] == [
        f"t{n}" for n in range(10, 20)
    ]
    assert [task["taskId"] for task in pages("/api/v1/plans/big/tasks", "tasks", cause="brok*")] == ["big.2"]
    by_interest = console.get("/api/v1/plans/big/tasks", params={"sort": "interest", "limit": 2}).json()
    assert [task["taskId"] for task in by_interest["tasks"]] == ["big.2", "big.1"]
    assert by_interest["matching"] == 30
    # What such a request looks at is bounded: as many steps as the plan has, and no plan of more tasks than may be.
    with monkeypatch.context() as small, counted_calls() as counted:
        small.setattr(task_search, "LOOKED_AT", 7)
        console.client.status("big", limit=2, by_interest=True, tenants="t1*")
    assert counted["search_steps"] == -(-30 // 7) + 1
    monkeypatch.setattr(tasks_api, "MOST_LOOKED_THROUGH", 29)
    too_many = console.get("/api/v1/plans/big/tasks", params={"sort": "interest", "tenant": "t1*"})
    assert (too_many.status_code, too_many.json()["errors"][0]["path"]) == (422, "sort")
    monkeypatch.undo()
    plan_now = console.get("/api/v1/plans/big", role="viewer").json()
    assert "tasks" not in plan_now
    assert (plan_now["counts"]["FAILED"], plan_now["counts"]["COMPLETED"]) == (1, 1)
    failures = console.get("/api/v1/plans/big/failures").json()
    assert [(group["type"], group["count"], group["samples"]) for group in failures["groups"]] == [
        ("Broken", 1, [{"taskId": "big.2", "tenantId": "t02"}])
    ]
    live = console.get("/api/v1/plans/big/live", params={"task": "big.1"}).json()
    moving = {one["taskId"]: one["task"] for one in live["moving"]}
    assert moving["big.1"]["status"] == "RUNNING"
    assert [name for name, task in moving.items() if task is not None] == ["big.1"]

    ringed = pages("/api/v1/tenants", "tenants", label="ring=one", limit=2)
    assert sorted(row["tenantId"] for row in ringed) == [f"{name}-1" for name in "abcde"]
    assert len(pages("/api/v1/tenants", "tenants", limit=4)) == 45
    for path in ("plans", "plans/big/tasks", "tenants"):
        assert problem(console.get(f"/api/v1/{path}?cursor=what")) == (422, "invalid_input")
        assert problem(console.get(f"/api/v1/{path}?limit=501"))[0] == 422


def test_operations_are_asked_by_the_token(console: ConsoleServer, world: LedgerWorld) -> None:
    world.started("p", ["acme", "eu/birch"], max_concurrency=2)
    key = {"Idempotency-Key": "once"}
    asked = console.post("/api/v1/plans/p/pause", json={"reason": "noise"}, headers=key, role="operator")
    assert (asked.status_code, asked.json()["accepted"], asked.json()["requestId"]) == (200, True, "once")
    # A repeat changes nothing and is answered the same, also when the plan has gone on since.
    console.post("/api/v1/plans/p/resume", role="operator")
    again = console.post("/api/v1/plans/p/pause", json={"reason": "noise"}, headers=key, role="operator")
    assert again.json() == asked.json()
    told = console.get("/api/v1/events", params={"type": "OperationRequested"}).json()["events"]
    assert [(one["operation"], one["actor"]) for one in told] == [
        ("pause", "test-operator"),
        ("resume", "test-operator"),
    ]
    assert problem(console.post("/api/v1/plans/p/pause", json={"actor": "eve"})) == (422, "invalid_input")
    assert problem(console.post("/api/v1/plans/p/cancel", role="viewer")) == (403, "forbidden")
    assert problem(console.post("/api/v1/plans/nowhere/cancel")) == (404, "not_found")
    assert problem(console.post("/api/v1/plans/p/approve", role="operator")) == (403, "forbidden")
    refused = console.post("/api/v1/plans/p/approve", role="approver")
    assert problem(refused) == (409, "not_allowed")
    assert (refused.json()["result"]["accepted"], refused.json()["result"]["status"]) == (False, "RUNNING")
    assert problem(console.post("/api/v1/tasks/p.0/retry", json={"overrideFreeze": "x"}, role="operator"))[0] == 403

    world.break_stage("p.0")
    assert console.post("/api/v1/tenants/acme/pause", role="operator").status_code == 409
    assert problem(console.post("/api/v1/tasks/p.0/accept", role="operator")) == (422, "invalid_input")
    accepted = console.post("/api/v1/tasks/p.0/accept", json={"reason": "known"}, role="operator")
    assert (accepted.status_code, accepted.json()["taskId"]) == (200, "p.0")
    # What is accepted is not retried with others.
    narrowed = {"cause": "Bro*", "fromScratch": True}
    assert problem(console.post("/api/v1/plans/p/retry", json=narrowed, role="operator")) == (409, "not_allowed")
    world.break_stage("p.1")
    retried = console.post("/api/v1/plans/p/retry", json=narrowed, role="operator")
    assert (retried.status_code, retried.json()["message"]) == (
        200,
        "1 of 1 such tasks that failed or were taken back will be retried",
    )
    assert problem(console.post("/api/v1/tasks/p.0/retry", json={"cause": "x"}))[0] == 422
    birch = console.get("/api/v1/tenants/eu%2Fbirch").json()
    assert (birch["status"], birch["task"]["taskId"], [move["taskId"] for move in birch["history"]]) == (
        "PENDING",
        "p.1",
        ["p.1"],
    )
    assert birch["history"][0]["deployUnit"]["deployUnitVersion"]
    assert console.get("/api/v1/tenants/eu%2Fbirch/task").json()["taskId"] == "p.1"
    explained = console.get("/api/v1/explain", params={"task": "p.1"}).json()
    assert explained["reasons"]

    assert problem(console.post("/api/v1/freezes", json={"all": True}, role="operator"))[0] == 403
    assert problem(console.post("/api/v1/freezes", json={"all": True, "reason": "x"}))[0] == 422
    frozen = console.post("/api/v1/freezes", json={"tenants": "eu*", "forSeconds": 60, "reason": "quarter end"})
    assert (frozen.status_code, frozen.json()["actor"]) == (201, "test-admin")
    assert len(console.get("/api/v1/tenants/eu%2Fbirch").json()["freezes"]) == 1
    later = {"tenants": "us*", "from": "20351224", "until": "2035-12-25", "reason": "the basic form, and no zone: UTC"}
    told = console.post("/api/v1/freezes", json=later).json()
    assert (told["since"][:19], told["until"][:19], told["inForce"]) == (
        "2035-12-24T00:00:00",
        "2035-12-25T00:00:00",
        False,
    )
    console.request("DELETE", f"/api/v1/freezes/{told['freezeId']}", json={"reason": "over"})
    name = frozen.json()["freezeId"]
    lifted = console.request("DELETE", f"/api/v1/freezes/{name}", json={"reason": "over"})
    assert (lifted.status_code, console.get("/api/v1/freezes").json()) == (200, {"freezes": []})
    assert problem(console.request("DELETE", f"/api/v1/freezes/{name}", json={"reason": "over"}))[0] == 404


def test_what_is_secret_is_not_told(console: ConsoleServer) -> None:
    made = plan("p", [tenant("acme", variables={"api_token": "s3cr3t-v4lue", "size": 3})], [noop_stage("a")])
    assert console.post("/api/v1/plans", json=made).status_code == 201
    exported = console.get("/api/v1/plans/p/export", role="viewer").text
    lines = [json.loads(line) for line in exported.splitlines()]
    assert [line["kind"] for line in lines][:2] == ["plan", "task"]
    assert '"size":3' in exported
    for path in ("plans/p/export", "plans/p/tasks", "events", "tenants/acme", "tasks/p.0", "plans/p/checkpoints"):
        assert "s3cr3t-v4lue" not in console.get(f"/api/v1/{path}").text


def test_redis_that_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    with ConsoleServer(away) as console:
        somebody = {"Authorization": "Bearer chg_whoever"}
        answer = console.get("/api/v1/plans", role=None, headers=somebody)
        assert problem(answer) == (503, "unreachable")
        assert "127.0.0.1" not in answer.text
        assert answer.headers["retry-after"]
