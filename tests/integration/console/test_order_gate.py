"""What has no bound, gives no reason, or is asked in Changeover's own name is refused by every route; nothing is
written."""

from __future__ import annotations

from typing import Any

import redis

from orchestrator.console.api.document import document_of
from orchestrator.domain.roles import Role
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Order
from orchestrator.ledger.tokens import Tokens
from tests.support.console_server import ConsoleServer
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import DATABASES, RedisServer

MORE = {"tenants": "eu-*", "endedBefore": "2026-01-01T00:00:00Z", "forSeconds": 60}


def log_and_plans(server: RedisServer, console: ConsoleServer) -> tuple[Any, Any]:
    keys = Keys(console.app.state.settings.namespace)
    with redis.Redis.from_url(server.url(DATABASES - 2), decode_responses=True) as client:
        return client.get(keys.of("seq")), sorted(client.scan_iter(f"{keys.root}plan:*".replace("{", "[{]")))


def bodies(console: ConsoleServer) -> list[tuple[str, str, dict[str, Any]]]:
    """Of every operation that takes a reason."""
    document = document_of(console.app)
    found = []
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            schema = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            names = [one["$ref"].rpartition("/")[2] for one in (schema, *schema.get("anyOf", ())) if "$ref" in one]
            for name in names:
                properties = document["components"]["schemas"][name].get("properties", {})
                if "reason" in properties:
                    given = {key: value for key, value in MORE.items() if key in properties and "retry" not in path}
                    found.append((method, path.replace("{", "").replace("}", ""), given))
    return found


def test_no_operation_takes_a_reason_without_a_bound(shared_console: ConsoleServer, redis_server: RedisServer) -> None:
    console = shared_console
    console.token("admin")
    before = log_and_plans(redis_server, console)
    asked = bodies(console)
    assert len(asked) > 25
    for method, path, body in asked:
        answer = console.request(method.upper(), path, json={**body, "reason": "r" * 1001})
        assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, ["reason"]), path
    assert log_and_plans(redis_server, console) == before


def test_a_submit_that_is_refused_has_written_nothing(shared_console: ConsoleServer, redis_server: RedisServer) -> None:
    console = shared_console
    ledger = Ledger(console.app.state.redis, console.app.state.settings)
    # Of before they were refused.
    own = {name: Tokens(ledger).create(name, Role.ADMIN, Order("test"))[0].text for name in ("system", "policy")}
    console.token("admin")
    before = log_and_plans(redis_server, console)
    submitted = plan("gate-refused", [tenant("gate-t")], [noop_stage("one")])
    for why in ("%20", "x" * 1001):
        answer = console.post(f"/api/v1/plans?overrideFreeze={why}", json=submitted)
        assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, ["overrideFreeze"])
    for name, token in own.items():
        for path, body in (
            ("plans", submitted),
            ("tokens", {"name": "by-own", "role": "viewer"}),
            ("sign-in-links", {}),
        ):
            headers = {"Authorization": f"Bearer {token}"}
            answer = console.request("POST", f"/api/v1/{path}", role=None, headers=headers, json=body)
            assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, ["actor"]), path
        refused = console.post("/api/v1/tokens", json={"name": name, "role": "admin"})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "name")
    assert log_and_plans(redis_server, console) == before


def test_a_plan_that_cannot_pass_freezes_any_more_says_so(shared_console: ConsoleServer) -> None:
    console = shared_console
    submitted = plan("gate-ended", [tenant("gate-u")], [noop_stage("one")])
    assert console.post("/api/v1/plans?overrideFreeze=hurry", json=submitted).status_code == 201
    assert console.post("/api/v1/plans?overrideFreeze=hurry", json=submitted).status_code == 200
    other = plan("gate-ended-2", [tenant("gate-v")], [noop_stage("one")])
    console.post("/api/v1/plans", json=other)
    console.post("/api/v1/tasks/gate-ended-2.0/cancel")
    answer = console.post("/api/v1/plans?overrideFreeze=hurry", json=other)
    assert (answer.status_code, "passes no freeze: not possible while it is" in answer.text) == (409, True), answer.text
