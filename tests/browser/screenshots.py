"""``python -m tests.browser.screenshots [NAME ...]``: each page of the console as a picture, of plans that move."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.ledger.ledger import Ledger
from orchestrator.notifications.notifier import Notifier
from orchestrator.settings.model import Settings
from orchestrator.settings.webhooks import WebhookSettings
from tests.support.chromium import find_chromium
from tests.support.cluster import Cluster
from tests.support.console_scene import FLEET, GATED, MOVED, SICK, set_scene, submit_fleet, tenant_name
from tests.support.console_server import ConsoleServer
from tests.support.hooked import AT_ONCE, SECRET, hook_setting
from tests.support.instances import Instances, in_turn, says
from tests.support.place import Place
from tests.support.redis_server import RedisServer
from tests.support.tenant_instances import TenantInstances
from tests.support.visitor import Theme, Visitor
from tests.support.waiting import wait_until

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
KINDS: Final = ("PlanCreated", "PlanReady", "PlanStarted", "PlanWaveStarted", "PlanCompleted")
COLOURS: Final = 256
"""Of a picture's palette: the pages are flat, so nobody sees the difference, and a picture is a third as large."""


@dataclass(frozen=True)
class Shot:
    """A picture. ``prepare``: what is done before; ``role``: who looks, nobody at the door."""

    name: str
    path: str
    theme: Theme = "light"
    width: int = 1280
    height: int = 800
    role: str = "admin"
    prepare: Callable[[Page], object] = lambda page: page.wait_for_timeout(1200)


def _ask(page: Page) -> None:
    page.get_by_role("button", name="Roll back", exact=True).click()
    page.get_by_label("Reason").fill("gateway 42 loses sessions")
    page.wait_for_timeout(400)


def _further_down(page: Page) -> None:
    page.get_by_role("region", name="Failures by cause").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('.columns').offsetTop - 60)")
    page.wait_for_timeout(1500)


def _check(page: Page) -> None:
    page.get_by_label("Plan, as YAML or JSON").fill(PLAN)
    page.get_by_role("button", name="Check and preview").click()
    page.get_by_role("region", name="Preview", exact=True).wait_for()


PLAN: Final = """\
plan_id: gateway-43-de
name: Gateway 43, Germany
max_concurrency: 8
failure_tolerance: {count: 1}
waves:
  - {name: canary, tenants: {count: 2}, failure_tolerance: {count: 0}, gate: manual}
  - {name: rest}
stages:
  - name: switch-gateway
    steps:
      - type: config-write
        key: "tenant_config:{{ tenant.tenant_id }}"
        field: gateway
        value: {version: "{{ tenant.deploy_unit_version }}"}
      - {type: broadcast, channel: tenant_config, message: {tenantId: "{{ tenant.tenant_id }}"}}
tenants:
""" + "".join(
    f"  - {{tenant_id: {tenant_name('de', index)}, deploy_unit_id: 101, deploy_unit_version: 43}}\n"
    for index in range(12)
)

SHOTS: Final[Sequence[Shot]] = (
    Shot("sign-in", "/sign-in", height=520, width=900, role=""),
    Shot("plans", "/plans", height=520),
    Shot("plans-dark", "/plans", "dark", height=520),
    Shot("plan", f"/plans/{MOVED}", height=900),
    Shot("plan-dark", f"/plans/{MOVED}", "dark", height=900),
    Shot("plan-failures", f"/plans/{MOVED}", height=800, prepare=_further_down),
    Shot("plan-narrow", f"/plans/{MOVED}", "dark", 380, 820),
    Shot("plan-5000", f"/plans/{FLEET}", "dark", height=900),
    Shot("gate", f"/plans/{GATED}", height=560, role="approver"),
    Shot("dialog", f"/plans/{MOVED}", height=620, role="operator", prepare=_ask),
    Shot("submit", "/submit", height=800, prepare=_check),
    Shot("tenants", "/tenants", height=520),
    Shot("tenant", f"/tenants/{tenant_name('eu', SICK[0])}", height=820),
    Shot("tenant-narrow", f"/tenants/{tenant_name('eu', SICK[0])}", width=380, height=820),
    Shot("freezes", "/freezes", height=400),
    Shot("doctor", "/doctor", height=640, prepare=lambda page: page.get_by_role("table").wait_for(timeout=60_000)),
    Shot("audit", "/audit", height=520),
    Shot("webhooks", "/webhooks?name=chat", height=640, role="operator"),
    Shot("tokens", "/tokens", height=400),
)


def take(shots: Sequence[Shot], folder: Path, console: ConsoleServer) -> None:
    """Writes them all, ``console-NAME.png`` each."""
    names = {"viewer": "jon.reader", "operator": "mara.lind", "approver": "ines.okafor", "admin": "root"}
    tokens = {role: console.client.create_token(name, role, actor="set-up").token for role, name in names.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for shot in shots:
            visitor = Visitor(browser, console.url, width=shot.width, height=shot.height, theme=shot.theme)
            if shot.role:
                visitor.sign_in(tokens[shot.role])
            visitor.page.goto(shot.path)
            shot.prepare(visitor.page)
            path = folder / f"console-{shot.name}.png"
            visitor.page.screenshot(path=path)
            with Image.open(path) as picture:
                picture.convert("RGB").quantize(COLOURS, kmeans=2).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size // 1024} KiB", flush=True)
            visitor.leave()
        browser.close()


@contextmanager
def _webhooks(console: ConsoleServer, settings: Settings) -> Iterator[None]:
    """One that does well, and one whose receiver has been down."""
    os.environ["CHANGEOVER_SECRET_OPS_HOOK"] = SECRET
    answers = {"/ops": says({}), "/chat": in_turn(*[says({"error": "down for repair"}, 503)] * 4, says({}))}
    ledger = Ledger(console.app.state.redis, settings)
    with Instances(answers) as server:
        hooks = {
            name: WebhookSettings.model_validate(hook_setting(server.url(f"/{name}"), max_attempts=1, events=KINDS))
            for name in ("ops", "chat")
        }
        notifier = Notifier(ledger, settings.model_copy(update={"webhooks": hooks}), "coordinator-1:7", AT_ONCE)
        notifier.start()
        try:
            wait_until(lambda: len(console.client.webhooks()) == len(hooks))
            yield
        finally:
            notifier.stop()


def main() -> None:
    """Starts everything, sets the scene, takes the pictures."""
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    (folder / "redis").mkdir()
    server = RedisServer(folder / "redis")
    server.start()
    place = Place(server.user_url(0), server.user_url(1), "prod-eu")
    os.environ.update(place.environment())
    settings = Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
    cluster = Cluster(place, folder)
    instances = TenantInstances(place.admin_url)
    try:
        cluster.start(workers=2, concurrency=8)
        with Client(settings) as client, ConsoleServer(settings) as console, _webhooks(console, settings):
            submit_fleet(client)
            wait_until(lambda: client.summary(FLEET).counts.get("COMPLETED", 0) > 150, 120)
            set_scene(client, instances)
            wanted = sys.argv[1:]
            take([shot for shot in SHOTS if not wanted or shot.name in wanted], PICTURES, console)
    finally:
        cluster.end()
        instances.close()
        server.stop()


if __name__ == "__main__":
    main()
