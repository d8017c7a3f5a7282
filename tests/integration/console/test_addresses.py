"""Ids in addresses: a tenant's may hold nearly anything, and no two are taken for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from html import unescape
from re import findall
from urllib.parse import quote

import pytest
import redis

from orchestrator import Client
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld

ODD = ["a", "a/task", "a/release", "a%2Ftask", "a%252Ftask", "/", "//a/", "%"]
ODD += ["a?b=c#d", "a&b;c+d", ".", "..", "é/ü", '"<b>']


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    world.started("p", ODD, max_concurrency=len(ODD))
    return world


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


def test_every_id_leads_to_its_own_tenant(world: LedgerWorld, console: ConsoleServer) -> None:
    with Client.through(console.url, console.token("admin")) as client:
        for position, tenant in enumerate(ODD):
            task = f"p.{position}"
            assert client.tenant(tenant).tenant_id == tenant
            assert client.tenant_status(tenant).task_id == task
            assert (client.target(tenant).type, client.target(tenant).identifier) == ("tenant", tenant)
            assert client.pause(tenant_id=tenant).target_id == tenant
            assert client.task_status(task).pause_requested
            assert client.release_tenant(tenant, reason="odd", force=True).accepted
            assert client.task_status(task).status == "FAILED"
    # An address with one part too many is nobody's.
    assert console.get("/api/v1/tenants/a/task/task").status_code == 404
    assert console.get("/api/v1/plans/p%2Ftasks").json()["status"] == 404


def test_links_of_pages_lead_where_they_say(world: LedgerWorld, console: ConsoleServer) -> None:
    with closing(console.browser()) as browser:
        links = {unescape(link) for link in findall(r'href="(/tenants/[^"?]+)', browser.get("/tenants").text)}
        assert links == {f"/tenants/{quote(tenant, safe='')}" for tenant in ODD}
        # What is only dots is a step in a path to browsers, however it is written.
        for tenant in set(ODD) - {".", ".."}:
            page = browser.get(f"/tenants/{quote(tenant, safe='')}")
            assert page.status_code == 200
            asks = {unescape(ask) for ask in findall(r'hx-get="(/tenants/[^"?]+/ask/\w+)', page.text)}
            assert f"/tenants/{quote(tenant, safe='')}/ask/pause" in asks
            assert all(browser.get(f"{ask}?task=p.{ODD.index(tenant)}").status_code == 200 for ask in asks)
