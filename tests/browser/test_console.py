"""The whole way through the console's page in a real browser: from the sign-in to the token's end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
import redis
from playwright.sync_api import Page, expect

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.chromium import find_chromium
from tests.support.cluster import Cluster
from tests.support.console_server import ConsoleServer
from tests.support.hooked import SECRET, hooked, told
from tests.support.instances import Instances, in_turn, says
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import BROADCAST, CONFIG_WRITE, HEALTH_CHECK, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.visitor import Visitor
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.skipif("CHANGEOVER_TEST_BROWSER" not in os.environ, reason="needs a browser; make test-browser"),
    pytest.mark.skipif(find_chromium() is None, reason="no chromium on this machine (Debian: chromium)"),
    pytest.mark.timeout(420),
]
Visit = Callable[..., Visitor]

STAGE = {
    "name": "switch-gateway",
    "steps": [CONFIG_WRITE, BROADCAST, {"type": "wait", "seconds": 0.5}, HEALTH_CHECK | {"max_attempts": 2}],
}


def test_a_plan_from_its_submit_to_its_rollback_by_hand(
    cluster: Cluster, client: Client, console: ConsoleServer, instances: TenantInstances, visit: Visit
) -> None:
    cluster.start(workers=2, concurrency=8)
    names = [f"t{index:03}" for index in range(200)]
    for name in ("t001", "t050", "t051"):
        instances.stubborn.add(f"{name}/b")
    waves = [{"name": "canary", "tenants": {"count": 4}, "failure_tolerance": {"count": 0}, "gate": "manual"}]
    written = plan("blue", [tenant(name, instances) for name in names], [STAGE], max_concurrency=12)
    written |= {"name": "Blue to green", "waves": [*waves, {"name": "rest"}], "failure_tolerance": {"count": 20}}

    ada = visit("operator")
    page = ada.page
    page.get_by_role("link", name="Submit a plan").click()
    page.get_by_label("Plan, as YAML or JSON").fill(json.dumps(written | {"max_concurrency": "many"}))
    page.get_by_role("button", name="Check and preview").click()
    expect(page.get_by_role("region", name="Mistakes")).to_contain_text("max_concurrency")
    page.get_by_label("Plan, as YAML or JSON").fill(json.dumps(written))
    page.get_by_role("button", name="Check and preview").click()
    expect(page.get_by_role("region", name="Preview", exact=True)).to_contain_text("200 tenants")
    page.get_by_role("button", name="Submit blue").click()
    expect(page.get_by_role("heading", name="Blue to green")).to_be_visible()

    # A canary that fails trips its breaker, and is retried alone once it is mended.
    expect(page.locator(".now")).to_contain_text("Breaker tripped in wave canary: 1 failed, tolerance 0")
    expect(page.locator(".cause")).to_have_count(1)
    expect(page.locator(".cause")).to_contain_text("t001")
    assert _codes(page)[1] == "f"
    instances.stubborn.discard("t001/b")
    ada.ask("Retry these", reason="mended", says="1 failed tenant queues again")
    ada.ask("Resume", reason="mended")
    expect(page.locator(".now")).to_contain_text("Waits for approval of wave canary")
    expect(page.get_by_role("button", name="Approve (needs the role approver)")).to_be_visible()

    ines = visit("approver")
    ines.page.goto("/plans/blue")
    ines.ask("Approve", reason="they look well", says="Wave rest begins with 196 tenants")

    # 200 tenants, live: as many cells as the ledger counts, without a page loaded again.
    expect(page.locator(".now")).to_contain_text("Wave rest")
    wait_until(lambda: _codes(page).count("c") > 20, 60, "the map does not move")
    ada.ask("Pause", reason="lunch", says="stopped after the stage under way")
    expect(page.locator("h1 + .badge")).to_have_text("paused")
    wait_until(lambda: client.summary("blue").counts.get("PAUSED", 0) == _codes(page).count("h"))
    ada.ask("Resume", reason="back")
    expect(page.locator("h1 + .badge")).to_have_text("running")

    expect(page.locator(".cause .count")).to_have_text("2", timeout=60_000)
    expect(page.locator("h1 + .badge")).to_have_text("failed", timeout=120_000)
    assert _codes(page).count("c") == 198
    instances.stubborn.clear()
    ada.ask("Retry these", reason="mended too", says="2 failed tenants queue again")
    expect(page.locator("h1 + .badge")).to_have_text("completed", timeout=60_000)
    assert _codes(page) == "c" * 200
    expect(page.get_by_text("Nothing has failed.")).to_be_visible()
    assert ada.shifts() == [], "\n".join(sorted({what for one in ada.shifts() for what in one["what"]}))

    # A freeze, by an admin; and the way back of all.
    root = visit("admin")
    root.page.goto("/freezes")
    root.page.get_by_role("button", name="Freeze tenants").click()
    root.page.get_by_label("Tenants like").check()
    root.page.get_by_label("Pattern").fill("t00*")
    root.page.get_by_label("For so many hours").fill("2")
    root.page.get_by_label("Reason").fill("quarter end")
    root.page.get_by_role("button", name="Freeze", exact=True).click()
    expect(root.page.get_by_role("table")).to_contain_text("quarter end")
    (freeze,) = client.freezes("t003")
    assert freeze.actor == "test-admin"
    page.goto("/tenants/t003")
    expect(page.locator("main")).to_contain_text("quarter end")
    expect(page.get_by_role("region", name="Stages")).to_contain_text("done")

    page.goto("/plans/blue")
    ada.ask("Roll back", reason="not after all", says="200 moved tenants: back to the old config")
    expect(page.locator("h1 + .badge")).to_have_text("rolled back", timeout=120_000)
    assert _codes(page) == "k" * 200
    assert ada.shifts() == [], "\n".join(sorted({what for one in ada.shifts() for what in one["what"]}))
    page.get_by_label("Kind of event").select_option("asked")
    expect(page.locator("#log")).to_contain_text("not after all")

    assert ada.errors == ines.errors == []

    # Revoked, and out: at once, on the open page.
    root.page.goto("/tokens")
    row = root.page.get_by_role("row").filter(has_text="test-operator")
    root.ask("Revoke", reason="left us", says="its sessions and open pages end at once", within=row)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("alert")).to_contain_text("Your session is over")
    assert root.errors == []


def test_what_a_receiver_would_not_take_is_sent_again_from_the_page(
    redis_client: redis.Redis, settings: Settings, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS_HOOK", SECRET)
    with Instances({"/": says({})}) as server:
        world = LedgerWorld(redis_client, settings)
        hook = hooked(world, server, max_attempts=1, events=["PlanCreated", "PlanStarted"])
        server.answers["/"] = in_turn(*[says({"error": "down"}, 500)] * 2, says({}))
        world.started("p", ["a"])
        hook.looks(3)
        ada = visit("operator")
        page = ada.page
        page.get_by_role("link", name="Webhooks").click()
        page.get_by_role("link", name="2 given up of ops: look at them").click()
        given_up = page.get_by_role("region", name="Given up")
        expect(given_up.get_by_role("row")).to_have_count(3)
        expect(given_up).to_contain_text("answered status 500")
        started = given_up.get_by_role("row").filter(has_text="PlanStarted")
        ada.ask("Send again", reason="it is back", says="is sent to ops again", within=started)
        expect(given_up.get_by_role("row")).to_have_count(2)
        hook.sender.look()
        assert told(server)[2:] == ["PlanStarted"]
        hooks = page.get_by_role("region", name="Webhooks")
        ada.ask("Send again", reason="it is back", says="1 notification is sent", within=hooks)
        expect(page.get_by_role("region", name="Webhooks")).to_contain_text("1 again")
        hook.sender.look()
        assert told(server)[3:] == ["PlanCreated"]
        page.get_by_role("link", name="Audit").click()
        page.get_by_label("Plan", exact=True).fill("p")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("region", name="Who asked for what")).to_contain_text("submit")
        with page.expect_download() as loading:
            page.get_by_role("link", name="Export").click()
        (line,) = loading.value.path().read_text().splitlines()
        assert (json.loads(line)["operation"], loading.value.suggested_filename) == ("submit", "audit.jsonl")
        assert ada.errors == []
        hook.close()


def _codes(page: Page) -> str:
    """What the map shows of each tenant."""
    found: str = page.evaluate("changeoverMap.codes()")
    return found
