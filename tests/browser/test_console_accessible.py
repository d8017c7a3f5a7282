"""Every page of the console by axe-core, in dark and light, on a wide screen and a narrow one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from orchestrator.client import Client
from tests.support.chromium import find_chromium
from tests.support.cluster import Cluster
from tests.support.console_scene import ENDED, GATED, MOVED, SICK, set_scene, tenant_name
from tests.support.tenant_instances import TenantInstances
from tests.support.visitor import Theme, Visitor

pytestmark = [
    pytest.mark.skipif("CHANGEOVER_TEST_BROWSER" not in os.environ, reason="needs a browser; make test-browser"),
    pytest.mark.skipif(find_chromium() is None, reason="no chromium on this machine (Debian: chromium)"),
    pytest.mark.timeout(420),
]
PAGES: Final = (
    "/plans",
    f"/plans/{MOVED}",
    f"/plans/{GATED}",
    f"/plans/{ENDED}",
    "/tenants",
    f"/tenants/{tenant_name('eu', SICK[0])}",
    "/freezes",
    "/submit",
    "/tokens",
    "/audit",
    "/webhooks",
    "/doctor",
    "/plans/nowhere",
)
_NOT_SEEN: Final = """
[...document.querySelectorAll(".stack td, .nav [aria-current]")].filter(one => {
  const box = one.getBoundingClientRect();
  const cut = one.scrollWidth > one.clientWidth + 1 || box.left < 0 || box.right > innerWidth + 1;
  return one.matches(":not(:empty)") && (cut || !box.width);
}).map(one => one.textContent)
"""
"""What of rows of which each cell matters, and of the name of the open page, is cut or left out."""
_BAR_CUT: Final = """
[...document.querySelectorAll(".space, .nav")].filter(it => it.scrollWidth > it.clientWidth).map(it => it.textContent)
"""
"""What of the installation's name and of the pages' names a wide window has no room for."""
THEMES: Final[tuple[Theme, ...]] = ("dark", "light")


def test_axe_finds_nothing_serious_and_the_keyboard_is_enough(
    cluster: Cluster, client: Client, instances: TenantInstances, visit: Callable[..., Visitor]
) -> None:
    cluster.start(concurrency=8)
    set_scene(client, instances)
    stranger = visit()
    stranger.page.goto("/sign-in")
    found = [f"/sign-in: {one}" for one in stranger.not_accessible()]
    for theme, width in itertools.product(THEMES, (380, 1280)):
        someone = visit("admin", width=width, theme=theme)
        page = someone.page
        for path in PAGES:
            page.goto(path)
            if path == "/doctor":
                page.get_by_role("region", name="What was looked at").wait_for(timeout=60_000)
            found += [f"{path} {theme} {width}: {one}" for one in someone.not_accessible()]
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide at {width}"
            assert page.evaluate(_NOT_SEEN if width < 760 else _BAR_CUT) == [], path
        page.goto(f"/plans/{GATED}")
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += [f"dialog {theme} {width}: {one}" for one in someone.not_accessible()]
        someone.leave()
    assert found == [], "\n".join(found)
    _walk_by_keys(visit("viewer").page)


def _walk_by_keys(page: Page) -> None:
    """The map, and the way to anything by its name, without a mouse."""
    page.goto(f"/plans/{MOVED}")
    page.get_by_role("application").last.focus()
    page.keyboard.press("n")
    expect(page.locator("#inspector")).to_contain_text(tenant_name("eu", SICK[0]))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#inspector")).to_contain_text(tenant_name("eu", SICK[0] + 1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=tenant_name("eu", SICK[0] + 1))).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(ENDED)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Gateway 42, Germany")).to_be_visible()
