"""No page, and no piece that a page is sent later, has a secret that the console knows, whoever stored it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from orchestrator.client import Client
from orchestrator.console.page.rendering import FOLDER
from orchestrator.domain.events.base import FailureInfo
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.model import Settings
from tests.support.console_routes import ConsoleRoute, routes_of
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

SECRET: Final = 'planted <"secret"> & 9431'
SHOWN: Final = ("planted &lt;&#34;secret&#34;&gt; &amp; 9431", SECRET, "planted%20%3C%22secret", "planted+%3C%22secret")
"""As a page may write it."""
HTML: Final = {"Accept": "text/html"}
KNOWN: Final = {"plan_id": "blue", "tenant_id": "acme", "position": "0", "freeze_id": "freeze-1", "verb": "retry"}
QUERY: Final = {"task": "blue.0", "id": "blue", "tenant": "acme"}
LAST: Final = {"/plans/{plan_id}/live": "event: log\n", "/live/plans": "event: plans\n"}
"""The last piece of a stream's first message."""
OURS: Final = {
    *("actor.csrf", "cells", "end.digest", "made.token", "map_states", "request_id", "secret", "since", "static"),
    "strip.ranges",
}
"""What templates put out without the mask."""
HAVE_IT: Final = {
    *("/audit", "/freezes", "/plans", "/plans/{plan_id}", "/plans/{plan_id}/live", "/plans/{plan_id}/log"),
    *("/plans/{plan_id}/tasks", "/plans/{plan_id}/cells/{position}", "/tenants/{tenant_id}", "/live/plans"),
}
"""Pages that the walk found it on, while the console did not know it."""


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


def _stored(client: Client, redis_client: Any, settings: Settings) -> None:
    """In every text that can be stored."""
    written = plan("blue", [tenant("acme") | {"labels": {"note": SECRET}}], [noop_stage("one")]) | {"name": SECRET}
    client.submit(written, actor="ada")
    client.freeze(tenants="other-*", for_seconds=3600, reason=SECRET, actor="ada")
    world = LedgerWorld(redis_client, settings)
    world.serve("blue")
    world.begin("blue.0")
    world.ledger.fail(world.turn("blue.0"), FailureInfo(type="Refused", message=f"said {SECRET}", stage_name="one"))
    client.pause(plan_id="blue", reason=SECRET, actor="ada")


def _shown(console: ConsoleServer, route: ConsoleRoute) -> str:
    query = {name: QUERY[name] for name in route.needed}
    with ExitStack() as stack:
        how: Any = {"headers": HTML | {"Authorization": f"Bearer {console.token('admin')}"}, "params": query}
        answer = stack.enter_context(console.http.stream("GET", route.address_of(KNOWN), **how))
        if "event-stream" not in answer.headers.get("content-type", ""):
            return answer.read().decode()
        text = ""
        for line in answer.iter_lines():
            text += f"{line}\n"
            if text.endswith("\n\n") and LAST[route.path] in text:
                return text
    raise AssertionError(route.path)


def _has_it(text: str) -> bool:
    return any(form in text for form in SHOWN)


def test_no_page_and_no_stream_has_a_secret_that_the_console_knows(
    client: Client, redis_client: Any, settings: Settings, console: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.console.page.shared.FRESH_SECONDS", 0.0)
    _stored(client, redis_client, settings)
    routes = [one for one in routes_of(console.app) if one.method == "GET" and not one.path.startswith("/api/")]
    clear = {one.path: _shown(console, one) for one in routes}
    assert HAVE_IT - {path for path, text in clear.items() if _has_it(text)} == set()
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    found = {one.path: _shown(console, one) for one in routes}
    assert {path for path, text in found.items() if _has_it(text)} == set()
    assert {path for path in HAVE_IT if "***" not in found[path]} == set()
    # A name that was masked is a pattern of others: it is not taken back.
    sent = console.post("/plans/blue/do/accept", data={"cause": "Ref***", "reason": "x"})
    assert (sent.status_code, sent.json()["code"]) == (422, "masked")


def test_what_is_put_out_as_it_is_came_from_nowhere_else() -> None:
    texts = [one.read_text() for one in (FOLDER / "templates").rglob("*.html")]
    assert {name for text in texts for name in re.findall(r"\{\{ ([\w.]+)(?:\('[^']*'\))?\|ours \}\}", text)} == OURS
    assert sum(text.count("|ours") for text in texts) == sum(
        len(re.findall(r"[\w)]\|ours \}\}", text)) for text in texts
    )
    assert not [text for text in texts if "|safe" in text or "|e " in text or "|escape" in text]
