"""Every route with every role, and with what is no token (any more): as the one table of roles says."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import redis

from orchestrator.console.access.change_rates import ChangeRate
from orchestrator.console.access.roles import LEAST, Actor, Permission
from orchestrator.console.api.document import document_of
from orchestrator.domain.roles import Role
from orchestrator.domain.status import PlanState
from orchestrator.ledger.hooks import Hooks
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from tests.support.agreed_lists import must_agree
from tests.support.console_routes import ConsoleRoute, routes_of
from tests.support.console_server import ConsoleServer
from tests.support.long import IS_LONG, longer
from tests.support.redis_server import DATABASES, RedisServer
from tests.support.redis_values import values_of
from tests.support.right_plan import right_plan
from tests.support.waiting import wait_until

CHANGES = {permission for permission in Permission if permission is not Permission.READ}

PAGES = {
    *(
        "GET /audit",
        "GET /audit/export",
        "GET /doctor",
        "GET /freezes",
        "POST /freezes/do/set",
        "GET /plans",
        "GET /plans/{plan_id}",
    ),
    *("GET /submit", "POST /submit", "POST /submit/check", "GET /tenants", "GET /tenants/{tenant_id}", "GET /tokens"),
    *("POST /plans/{plan_id}/do/{verb}", "POST /tenants/{tenant_id}/do/{verb}", "GET /tokens", "GET /webhooks"),
    *(
        "GET /webhooks/{name}/ask/{verb}",
        "POST /webhooks/{name}/do/{verb}",
        "GET /api/v1/audit",
        "GET /api/v1/webhooks",
    ),
}
"""Some of what is there: the walk would say nothing of a room that it does not reach."""

NO_CHANGES = {
    "POST /sign-out",
    "POST /api/v1/plans:validate",
    "POST /api/v1/plans:preview",
    "POST /api/v1/sign-in-links",
}
"""The only POSTs that take nothing from the rate of changes; links have a rate of their own."""

READ_BY_WHO_MAY_CHANGE = {
    *("/submit", "/freezes/ask/set", "/webhooks/{name}/ask/{verb}"),
    *("/api/v1/tokens", "/tokens", "/tokens/ask/create", "/tokens/{name}/ask/revoke"),
}
"""What is looked at before a change, and is shown to nobody who may not make it."""

CHOICE = ("/api/v1/explain", "nothing else")
"""The only GET that wants one of what it may be given."""

BESIDE = {"whole": {"plan"}}
"""What is asked of one thing alone: beside it that."""


def status_of(
    console: ConsoleServer,
    route: ConsoleRoute,
    token: str | None,
    known: Mapping[str, str] | None = None,
    queried: Iterable[str] = (),
) -> int:
    """Of the answer's head: a stream would go on. What is ``queried`` and not ``known`` is 1."""
    headers, known = {} if token is None else {"Authorization": f"Bearer {token}"}, known or {}
    query = {name: known.get(name, "1") for name in queried}
    with console.http.stream(route.method, route.address_of(known), headers=headers, params=query) as answer:
        return answer.status_code


def roles_to_ask(permission: Permission) -> list[Role]:
    """All; in ``make test`` the least that may, and who may a little less."""
    roles = list(Role)
    least = next(number for number, role in enumerate(roles) if Actor("a", role).may(permission))
    return roles if IS_LONG else roles[max(least - 1, 0) : least + 1]


def test_the_roles_of_the_design() -> None:
    allowed = {role: {p for p in Permission if Actor("a", role).may(p)} for role in Role}
    operator = {Permission.READ, Permission.SUBMIT, Permission.OPERATE, Permission.RESEND}
    approver = operator | {Permission.APPROVE, Permission.OVERRIDE_FREEZE}
    assert allowed == {
        Role.VIEWER: {Permission.READ},
        Role.OPERATOR: operator,
        Role.APPROVER: approver,
        Role.ADMIN: set(Permission),
    }
    assert LEAST.keys() == set(Permission)


def test_every_route_names_one_permission_or_is_public(shared_console: ConsoleServer) -> None:
    routes = routes_of(shared_console.app)
    assert {route.method + " " + route.path for route in routes} >= PAGES
    told = [
        f"{route.method} {route.path}: asks for {', '.join(route.permissions) or 'no permission'}"
        for route in routes
        if len(route.permissions) != (0 if route.is_public else 1)
    ]
    one = "A route takes `actor: MayRead`, or the one other of orchestrator/console/access/roles.py that says who may."
    assert not told, "\n".join(["", *told, one])
    assert {route.path for route in routes if route.is_public} == {"/health", "/sign-in"}


def test_every_change_takes_from_the_rate_of_its_actor(shared_console: ConsoleServer) -> None:
    rates, token = shared_console.app.state.rates, shared_console.token("admin")
    kept, rates.changes = rates.changes, ChangeRate("changes", 0, 1.0)
    try:
        unsafe = [one for one in routes_of(shared_console.app) if one.method != "GET" and not one.is_public]
        free = {f"{one.method} {one.path}" for one in unsafe if status_of(shared_console, one, token) != 429}
    finally:
        rates.changes = kept
    assert free == NO_CHANGES


@longer
def test_every_route_with_every_role_and_without(shared_console: ConsoleServer, redis_server: RedisServer) -> None:
    console = shared_console
    tokens = {role: console.token(role) for role in Role}
    dead = console.client.create_token("dead", "admin").token
    console.client.revoke_token("dead")
    short = console.client.create_token("short", "admin", expires_seconds=0.001).token
    wait_until(lambda: any(one.expired for one in console.client.tokens()))
    routes = [route for route in routes_of(console.app) if not route.is_public]

    def wrong(route: ConsoleRoute) -> list[str]:
        (permission,) = route.permissions
        roles = roles_to_ask(permission)
        found = {str(role): status_of(console, route, tokens[role]) for role in roles}
        found |= {name: status_of(console, route, token) for name, token in (("none", None), ("expired", short))}
        expected = {str(role): Actor("a", role).may(permission) for role in roles} | {"none": False, "expired": False}
        return [
            f"{route.method} {route.path}: {who} got {found[who]}"
            for who, may in expected.items()
            if may != (found[who] not in (401, 403))
            or found[who] >= 500
            or (who in ("none", "expired") and found[who] != 401)
        ]

    with ThreadPoolExecutor(4) as pool:
        assert [line for lines in pool.map(wrong, routes) for line in lines] == []
    # A revoked one is a stranger's: after ten tries its address waits, and the answer is 429 for all that is left.
    keys = Keys(console.app.state.settings.namespace)
    with redis.Redis.from_url(redis_server.url(DATABASES - 2), decode_responses=True) as client:
        for route in routes:
            client.delete(keys.of("failures", "127.0.0.1"), keys.of("failures", "all"))
            assert status_of(console, route, dead) == 401, route


def test_a_key_that_makes_a_request_one_is_honoured_or_refused(shared_console: ConsoleServer) -> None:
    paths = document_of(shared_console.app)["paths"]
    passed_over = []
    for route in routes_of(shared_console.app):
        if route.method == "GET" or not route.path.startswith("/api/"):
            continue
        told = paths[route.path][route.method.lower()].get("parameters", [])
        if any(one["in"] == "header" and one["name"].lower() == "idempotency-key" for one in told):
            continue
        answer = shared_console.request(route.method, route.address, headers={"Idempotency-Key": "once"}, json={})
        assert (answer.status_code, answer.json()["code"]) == (400, "no_idempotency"), f"{route}: {answer.text}"
        passed_over.append(route.path)
    assert "/api/v1/sign-in-links" in passed_over


def test_many_who_ask_for_the_document_first_have_it_made_once(shared_console: ConsoleServer) -> None:
    app = shared_console.app
    app.state.openapi = None
    together = threading.Barrier(4)

    def asked(_: int) -> int:
        together.wait(10)
        return id(document_of(app))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(asked, range(4)))) == 1


def test_what_is_asked_for_by_get_is_reading(shared_console: ConsoleServer) -> None:
    routes = [route for route in routes_of(shared_console.app) if route.method == "GET"]
    bodies = [f"GET {route.path} takes a body: what reads has what it asks for in its address" for route in routes]
    told = [line for line, route in zip(bodies, routes, strict=True) if route.takes_body]
    assert not told, "\n".join(["", *told])
    must_agree(
        {route.path for route in routes if CHANGES & set(route.permissions)},
        READ_BY_WHO_MAY_CHANGE,
        lacking="GET {} asks for more than MayRead: what changes something is no GET; "
        "a form or a question in READ_BY_WHO_MAY_CHANGE here",
        left_over="GET {} in READ_BY_WHO_MAY_CHANGE here is no route, or asks for MayRead",
    )


def test_reading_changes_nothing(shared_console: ConsoleServer, redis_server: RedisServer) -> None:
    console, token = shared_console, shared_console.token("admin")
    plan = console.client.submit(right_plan() | {"plan_id": "looked-at", "waves": [{"name": "all"}]}).plan_id
    task, tenant, hook = f"{plan}.0", "acme", "test-admin"
    there = {"plan_id": plan, "planId": plan, "plan": plan, "taskId": task, "task": task, "identifier": task}
    there |= {"tenant_id": tenant, "tenantId": tenant, "tenant": tenant, "name": hook, "position": "0", "id": plan}
    there |= {"status": PlanState.RUNNING, "wave": "all", "sort": "plan", "label": "ring=early", "type": "PlanReady"}
    changed, unreached = [], []
    keys = Keys(console.app.state.settings.namespace)
    with redis.Redis.from_url(redis_server.url(DATABASES - 2), decode_responses=True) as client:
        Hooks(Ledger(client, console.app.state.settings)).claim("test", 0, {hook: "{}"})

        def dump() -> dict[str, Any]:
            passing = {keys.root + name for name in ("clock", "presence", "counters", "settings")}
            names = cast(list[str], client.keys(keys.root.replace("{", "[{]") + "*"))
            return values_of(client, [name for name in names if name not in passing])

        before = dump()
        for route in [one for one in routes_of(console.app) if one.method == "GET"]:
            known = there | {"verb": "enable" if route.path.startswith("/webhooks") else "pause"}
            known |= {"since": "2026-01-01T00:00:00Z"} if "/audit" in route.path else {}
            asks = {name: {*route.needed, name, *BESIDE.get(name, ())} for name in route.queried if name != "cursor"}
            found = {
                name: status_of(console, route, token, known, asked)
                for name, asked in ({"nothing else": route.needed} | asks).items()
            }
            unreached += [
                f"GET {route.path} with {name}: {status}; `there` here has to know what it asks for"
                for name, status in found.items()
                if status not in (200, 303) and (route.path, name) != CHOICE
            ]
            now = dump()
            moved = sorted(key for key in {**before, **now} if before.get(key) != now.get(key))
            changed += [f"GET {route.path} changes {key}: then it is no GET" for key in moved]
            before = now
    assert not changed + unreached, "\n".join(["", *changed, *unreached])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_is_no_route_is_refused_to_strangers_like_any_other(shared_console: ConsoleServer, method: str) -> None:
    assert shared_console.request(method, "/api/v1/nothing", role=None).status_code == 401
    assert shared_console.request(method, "/api/v1/nothing", role="viewer").status_code == 404
