"""The OpenAPI document: complete, valid, and with examples that were really answered.

``make api-examples`` writes `orchestrator/console/api/examples.json` anew from what is answered now.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from orchestrator.console.api.openapi import EXAMPLES
from orchestrator.domain.roles import Role
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.json_schemas import misfits
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.plans import noop_stage, plan, tenant
from tests.support.planted_hooks import plant_hook

WRITES = os.environ.get("CHANGEOVER_TEST_EXAMPLES") == "write"
PROBLEM = "application/problem+json"
Examples = dict[str, dict[str, Any]]


class Recorder:
    """Plays requests and keeps what was sent and answered, by operation."""

    def __init__(self, console: ConsoleServer) -> None:
        self._console = console
        self.kept: Examples = {}

    def play(self, method: str, operation: str, status: int, json_body: Any = None, **at: Any) -> Any:
        """One request; ``at`` fills the path's braces, what begins with ``q_`` is a query."""
        query = {name.removeprefix("q_"): value for name, value in at.items() if name.startswith("q_")}
        path = "/api/v1" + operation
        actual = re.sub(r"\{(\w+)\}", lambda found: str(at[found[1]]), path)
        how: dict[str, Any] = {"params": query} | ({} if json_body is None else {"json": json_body})
        answer = self._console.request(method, actual, **how)
        assert answer.status_code == status, answer.text
        kept = self.kept.setdefault(f"{method} {path}", {"responses": {}})
        if json_body is not None and status < 300:
            kept["request"] = json_body
        kind = answer.headers["content-type"].partition(";")[0]
        body = answer.text if kind == "application/x-ndjson" else answer.json()
        kept["responses"][str(status)] = {"type": kind, "body": body}
        return body


def play_all(console: ConsoleServer, world: LedgerWorld) -> Examples:
    recorder = Recorder(console)
    play = recorder.play
    waves = [{"name": "canary", "tenants": {"count": 1}, "gate": "manual"}, {"name": "rest"}]
    blue = plan("blue-1", [tenant("acme", labels={"region": "eu"}), tenant("birch")], [noop_stage("switch")], 2)
    blue |= {"waves": waves, "name": "Green to blue"}
    play("POST", "/plans:validate", 200, blue)
    play("POST", "/plans:preview", 200, blue)
    play("POST", "/plans", 201, blue)
    play("POST", "/plans", 200, blue)
    play("POST", "/plans", 409, {**blue, "name": "Another"})
    play("POST", "/plans", 422, {**blue, "plan_id": "b", "max_concurrency": "many"})
    world.serve("blue-1")
    world.finish("blue-1.0")
    world.serve("blue-1")
    reason = {"reason": "looks well at acme"}
    play("POST", "/plans/{planId}/approve", 409, {"wave": "rest"}, planId="blue-1")
    play("POST", "/plans/{planId}/reject", 200, {"reason": "wait for the vendor"}, planId="blue-1")
    play("POST", "/plans/{planId}/resume", 200, reason, planId="blue-1")
    play("POST", "/plans/{planId}/approve", 200, {**reason, "wave": "canary"}, planId="blue-1")
    world.serve("blue-1")
    world.break_stage("blue-1.1")
    read = {"planId": "blue-1", "taskId": "blue-1.1", "tenantId": "acme"}
    play("GET", "/plans", 200)
    play("GET", "/plans/{planId}", 200, **read)
    play("GET", "/plans/{planId}", 404, planId="nowhere")
    play("GET", "/plans/{planId}/tasks", 200, q_status="FAILED", **read)
    for part in ("failures", "live", "damaged", "checkpoints", "export"):
        play("GET", f"/plans/{{planId}}/{part}", 200, **read)
    play("GET", "/tasks/{taskId}", 200, **read)
    play("GET", "/tasks/{taskId}/checkpoint", 200, **read)
    play("GET", "/tenants", 200, q_label="region=eu")
    play("GET", "/tenants/{tenantId}", 200, **read)
    play("GET", "/tenants/{tenantId}/task", 200, **read)
    play("GET", "/explain", 200, q_task="blue-1.1")
    play("GET", "/doctor", 200)
    play("GET", "/drift", 200, q_plan="blue-1")
    play("GET", "/targets/{identifier}", 200, identifier="acme")
    play("GET", "/events", 200, q_plan="blue-1", q_limit=3)
    frozen = play("POST", "/freezes", 201, {"label": "region=eu", "forSeconds": 7200, "reason": "quarter end"})
    play("GET", "/freezes", 200)
    play("POST", "/plans/{planId}/override-freeze", 409, {"reason": "agreed with the customer"}, **read)
    play("DELETE", "/freezes/{freezeId}", 200, {"reason": "closed early"}, freezeId=frozen["freezeId"])
    _operations(play, world)
    play("POST", "/plans:purge", 200, {"endedAgoSeconds": 0, "dryRun": True})
    play("POST", "/plans/{planId}/purge", 409, {"reason": "no longer needed"}, planId="green-1")
    play("POST", "/plans/{planId}/purge", 200, {"reason": "no longer needed"}, **read)
    _webhooks(play, world)
    play("GET", "/audit", 200, q_limit=3)
    play("GET", "/audit", 422, q_since="yesterday")
    made = play("POST", "/tokens", 201, {"name": "on-call", "role": "operator", "expiresSeconds": 7776000})
    made["token"] = made["token"][:8] + "..."
    play("GET", "/tokens", 200)
    link = play("POST", "/sign-in-links", 201, {})
    link["code"] = link["code"][:4] + "..."
    play("DELETE", "/tokens/{name}", 200, {"reason": "left us"}, name="on-call")
    return recorder.kept


def _webhooks(play: Any, world: LedgerWorld) -> None:
    plant_hook(world)
    hook = {"name": "ops"}
    play("GET", "/webhooks", 200)
    play("GET", "/webhooks/{name}/dead", 200, **hook)
    play("POST", "/webhooks/{name}/resend", 200, {"ids": []}, **hook)
    play("POST", "/webhooks/{name}/enable", 200, **hook)
    sent = play("POST", "/webhooks/{name}/test", 202, **hook)
    play("GET", "/webhooks/{name}/tests/{test_id}", 200, test_id=sent["id"], **hook)
    play("POST", "/webhooks/{name}/resend", 404, {"ids": []}, name="nowhere")


def _operations(play: Any, world: LedgerWorld) -> None:
    """Of plans, tasks and tenants: what each can be asked, in an order in which it is taken."""
    play("POST", "/plans/{planId}/accept", 200, {"reason": "known", "cause": "Broken"}, planId="blue-1")
    world.started("green-1", [f"eu-{n}" for n in range(9)], max_concurrency=5)
    plan_of, task_of = {"planId": "green-1"}, {"taskId": "green-1.0"}
    play("POST", "/plans/{planId}/exclude", 200, {"tenants": "eu-8", "reason": "moved by hand"}, **plan_of)
    play("POST", "/plans/{planId}/override-freeze", 200, {"reason": "agreed with the customer"}, **plan_of)
    play("POST", "/plans/{planId}/pause", 200, {"reason": "noise"}, **plan_of)
    play("POST", "/plans/{planId}/resume", 200, {"reason": "over"}, **plan_of)
    for number in range(5):
        world.break_stage(f"green-1.{number}")
    world.serve("green-1")
    play("POST", "/plans/{planId}/retry", 200, {"cause": "Broken", "tenants": "eu-4"}, **plan_of)
    play("POST", "/tasks/{taskId}/accept", 200, {"reason": "known"}, **task_of)
    play("POST", "/tasks/{taskId}/retry", 200, {"fromScratch": True}, **task_of)
    play("POST", "/tasks/{taskId}/pause", 200, {"reason": "noise"}, **task_of)
    play("POST", "/tasks/{taskId}/resume", 200, {}, **task_of)
    play("POST", "/tasks/{taskId}/cancel", 200, {"reason": "not today"}, **task_of)
    play("POST", "/tasks/{taskId}/skip-stage", 200, {"reason": "done by hand"}, taskId="green-1.1")
    play("POST", "/tasks/{taskId}/rollback", 200, {"reason": "old version again"}, taskId="green-1.2")
    play("POST", "/tasks/{taskId}/retry", 409, {}, taskId="green-1.5")
    tenant_of = {"tenantId": "eu-3"}
    play("POST", "/tenants/{tenantId}/accept", 200, {"reason": "known"}, **tenant_of)
    play("POST", "/tenants/{tenantId}/retry", 200, {}, **tenant_of)
    play("POST", "/tenants/{tenantId}/pause", 200, {}, **tenant_of)
    play("POST", "/tenants/{tenantId}/resume", 200, {}, **tenant_of)
    play("POST", "/tenants/{tenantId}/cancel", 200, {}, **tenant_of)
    play("POST", "/tenants/{tenantId}/rollback", 200, {"reason": "old version again"}, **tenant_of)
    play("POST", "/tenants/{tenantId}/release", 409, {"reason": "its worker is gone"}, tenantId="eu-5")
    play("POST", "/tenants/{tenantId}/release", 200, {"reason": "its worker is gone", "force": True}, tenantId="eu-5")
    play("POST", "/plans/{planId}/cancel", 200, {"reason": "not today"}, **plan_of)
    play("POST", "/plans/{planId}/rollback", 200, {"reason": "old version again"}, planId="blue-1")
    world.serve("blue-1")
    world.finish("blue-1.1")
    world.serve("blue-1")
    world.finish("blue-1.0")


@pytest.fixture
def played(redis_client: redis.Redis, settings: Settings) -> Iterator[Examples]:
    with ConsoleServer(settings) as console:
        yield play_all(console, LedgerWorld(redis_client, settings))


@long
def test_examples_are_what_is_answered(played: Examples) -> None:
    if WRITES:
        EXAMPLES.write_text(json.dumps(played, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        assert shape(json.loads(EXAMPLES.read_text(encoding="utf-8"))) == shape(played)


def test_the_document_is_complete(settings: Settings) -> None:
    """Each operation tells every status, with an example of each that was answered, and who may."""
    kept = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    with ConsoleServer(settings) as console:
        document = console.get("/api/v1/openapi.json", role="viewer").json()
        page = console.get("/api/docs", role="viewer")
    assert "<script" not in page.text
    assert "style=" not in page.text
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in page.text
        for method, operation in methods.items():
            told = kept[f"{method.upper()} {path}"]["responses"]
            assert min(told) < "300", (method, path)
            for status, answer in told.items():
                content = operation["responses"][status]["content"][answer["type"]]
                assert content["example"] == answer["body"]
                assert (answer["type"] == PROBLEM) == (status >= "400")
                _fits(document, content.get("schema", {}), answer["body"])
            assert {"401", "403", "422", "500", "503"} <= operation["responses"].keys()
            assert operation["x-role"] in list(Role)
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"token": []}]


def _fits(document: dict[str, Any], schema: dict[str, Any], body: Any) -> None:
    whole = {**schema, "components": document["components"]}
    assert misfits(whole, body) == []


def shape(value: Any) -> Any:
    """What stays the same from one playing to the next: names of members, kinds of values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item)) for item in value})
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
