"""What a page does when something comes back: Redis that was away, a link beside a page that is open."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import redis
from playwright.sync_api import expect

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.chromium import find_chromium
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.visitor import Visitor

pytestmark = [
    pytest.mark.skipif("CHANGEOVER_TEST_BROWSER" not in os.environ, reason="needs a browser; make test-browser"),
    pytest.mark.skipif(find_chromium() is None, reason="no chromium on this machine (Debian: chromium)"),
]
Visit = Callable[..., Visitor]


def test_a_page_says_away_while_redis_is_and_live_when_it_is_back(
    redis_client: redis.Redis, settings: Settings, visit: Visit
) -> None:
    LedgerWorld(redis_client, settings).plan("p", ["a"])
    ada = visit("viewer")
    second = ada.page.context.new_page()
    ada.page.goto("/plans/p")
    second.goto("/plans")
    try:
        for page in (ada.page, second):
            expect(page.locator("#live")).to_contain_text("Live")
        redis_client.acl_setuser("changeover", enabled=False)
        redis_client.execute_command("CLIENT", "KILL", "USER", "changeover")  # type: ignore[no-untyped-call]
        for page in (ada.page, second):
            expect(page.locator("#live")).to_contain_text("Away")
    finally:
        redis_client.acl_setuser("changeover", enabled=True)
    for page in (ada.page, second):
        expect(page.locator("#live")).to_contain_text("Live")


def test_a_link_signs_in_where_the_page_is_open_already(console: ConsoleServer, client: Client, visit: Visit) -> None:
    console.token("viewer")
    page = visit().page
    page.goto("/sign-in")
    link = client.sign_in_link("test-viewer", actor="test").code
    page.goto(f"/sign-in#{link}")
    expect(page.get_by_role("heading", name="Plans")).to_be_visible()


def test_the_bar_leaves_no_page_out_whoever_is_signed_in(client: Client, visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in(client.create_token("mara.lindqvist@platform.example.com", "admin", actor="test").token)
    for width in (761, 1280, 1366, 1440, 1441, 1600):
        visitor.page.set_viewport_size({"width": width, "height": 700})
        lacks = visitor.page.locator(".nav").evaluate("nav => nav.scrollWidth - nav.clientWidth")
        assert lacks == 0, width


def test_the_dialog_freezes_whom_one_has_typed(client: Client, visit: Visit) -> None:
    page = visit("admin").page
    page.goto("/freezes")
    page.get_by_role("button", name="Freeze tenants").click()
    page.get_by_label("Pattern").fill("lumen")
    page.get_by_label("For so many hours").fill("2")
    page.get_by_label("Reason").fill("only lumen")
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_role("table")).to_contain_text("only lumen")
    assert [one.tenants for one in client.freezes()] == ["lumen"]
