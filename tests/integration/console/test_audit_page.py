"""The pages of the audit and of webhooks over HTTP: what was asked, and what a receiver would not take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.console.page import audit
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.hooked import SECRET, hooked, told
from tests.support.instances import Instances, in_turn, says
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

HTML = {"Accept": "text/html"}


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


@pytest.fixture
def world(redis_client: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> LedgerWorld:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS_HOOK", SECRET)
    return LedgerWorld(redis_client, settings)


def _order(page: str) -> list[int]:
    return [int(number) for number in re.findall(r"ask-(\d+)<", page)]


def test_the_newest_is_first_and_filters_stay_on_the_way_back(
    client: Client, console: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "ROWS", 3)
    client.submit(plan("blue", [tenant("acme")], [noop_stage("one")]))
    for number in range(8):
        verb = client.resume if number % 2 else client.pause
        verb(plan_id="blue", reason=f"ask-{number}", actor="ada" if number < 7 else "bob")
    first = console.get("/audit?actor=a*&plan=blue", headers=HTML).text
    assert _order(first) == [6, 5, 4]
    following = re.findall(r'href="(/audit[^"]*)">Earlier', first)[0].replace("&amp;", "&")
    assert "actor=a%2A&plan=blue&cursor=" in following
    second = console.get(following, headers=HTML).text
    assert _order(second) == [3, 2, 1]
    assert 'value="a*"' in second
    assert _order(console.get("/audit?since=2999-01-01", headers=HTML).text) == []
    assert console.get("/audit?since=soon", headers=HTML).status_code == 422
    export = console.get(re.findall(r'href="(/audit/export[^"]*)"', second)[0].replace("&amp;", "&"))
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [one["reason"] for one in lines] == [f"ask-{number}" for number in range(7)]
    assert "audit.jsonl" in export.headers["content-disposition"]


def test_what_a_receiver_would_not_take_is_shown_and_sent_again(console: ConsoleServer, world: LedgerWorld) -> None:
    with Instances({"/": says({})}) as server:
        hook = hooked(world, server, max_attempts=1, events=["PlanCreated", "PlanStarted"])
        server.answers["/"] = in_turn(*[says({"error": "<b>no</b>"}, 500)] * 2, says({}))
        world.started("p", ["a"])
        hook.looks(3)
        assert told(server) == ["PlanCreated", "PlanStarted"]
        page = console.get("/webhooks?name=ops", role="operator", headers=HTML).text
        assert page.count("answered status 500") >= 2
        assert "<b>no" not in page
        ids = re.findall(r"ask/resend\?letter=([^\"]+)", page)
        assert len(ids) == 2
        viewed = console.get("/webhooks?name=ops", role="viewer", headers=HTML).text
        assert "needs the role operator" in viewed
        asked = console.get(f"/webhooks/ops/ask/resend?letter={ids[1]}", role="operator", headers=HTML).text
        assert f"Notification {ids[1]} is sent to ops again" in asked
        assert 'name="reason"' in asked
        refused = console.post("/webhooks/ops/do/resend", role="viewer", data={"letter": ids[1]}, headers=HTML)
        assert refused.status_code == 403
        why = {"letter": ids[1], "reason": "it is up again"}
        done = console.post("/webhooks/ops/do/resend", role="operator", data=why, headers=HTML)
        assert done.headers["HX-Redirect"] == "/webhooks?name=ops"
        hook.sender.look()
        assert told(server)[2:] == ["PlanStarted"]
        # Twice is once: it is not among the dead any more.
        again = console.post("/webhooks/ops/do/resend", role="operator", data={"letter": ids[1]}, headers=HTML)
        assert "has no dead letter" in again.text
        assert "1 notification is sent" in console.get("/webhooks/ops/ask/resend", headers=HTML).text
        assert console.post("/webhooks/ops/do/resend", headers=HTML).headers["HX-Redirect"] == "/webhooks"
        hook.sender.look()
        assert told(server)[3:] == ["PlanCreated"]
        assert console.post("/webhooks/ops/do/enable", headers=HTML).headers["HX-Redirect"] == "/webhooks"
        for wrong in ("/webhooks/nobody/ask/resend", "/webhooks/ops/ask/purge"):
            assert console.get(wrong, headers=HTML).status_code == 404
        hook.close()
    console.post("/api/v1/webhooks/ops/enable", role="operator", json={"reason": "now"})
    console.post("/api/v1/webhooks/ops/test", role="operator")
    wrong_name = console.post("/api/v1/webhooks/ops/enable", role="operator", json={"actor": "eve"})
    assert wrong_name.status_code == 422
    audited = console.get("/api/v1/audit?actor=test-*").json()["entries"]
    asked_of = [
        (one["operation"], one["actor"], one["reason"], one["options"], one["outcome"])
        for one in audited
        if (one["targetType"], one["targetId"]) == ("webhook", "ops")
    ]
    assert asked_of == [
        ("resend-letters", "test-operator", "it is up again", {"count": 1}, "done"),
        ("resend-letters", "test-admin", "", {"count": 1}, "done"),
        ("enable-webhook", "test-admin", "", {"count": 0}, "done"),
        ("enable-webhook", "test-operator", "now", {"count": 0}, "done"),
        ("test-webhook", "test-operator", "", {"count": 1}, "done"),
    ]
    # They push no freeze out of what is kept beside the feed.
    own_log: Any = world.client.xrange(world.keys.of("own_log"))
    assert "WebhookRequested" not in {entry["e"] for _, entry in own_log}


def test_an_approver_lets_a_plan_pass_all_freezes(client: Client, console: ConsoleServer) -> None:
    client.submit(plan("blue", [tenant("acme"), tenant("birch")], [noop_stage("one")]))
    client.freeze(tenants="acme", for_seconds=3600, reason="quarter end", actor="ada")
    form = {"reason": "agreed with them", "request_id": "r-1"}
    do = "/plans/blue/do/override-freeze"
    assert console.post(do, role="operator", data=form, headers=HTML).status_code == 403
    assert "Pass freezes… (needs the role approver)" in console.get("/plans/blue", role="operator", headers=HTML).text
    asked = console.get("/plans/blue/ask/override-freeze", role="approver", headers=HTML).text
    assert "2 tenants wait, and no freeze holds any of them back" in asked
    assert "HX-Trigger" in console.post(do, role="approver", data=form, headers=HTML).headers
    (event,) = [one for one in client.events("blue") if one.type == "OperationRequested"]
    assert (event.operation, event.actor, event.reason) == ("override-freeze", "test-approver", "agreed with them")
