"""All that is wrong with a request of the API is told at once, by the names of the API; who may not ask is told so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from orchestrator.client import Client
from orchestrator.console.api.document import document_of
from orchestrator.console.api.openapi import ROOT
from tests.support.console_server import ConsoleServer
from tests.support.right_plan import right_plan

STEERING = "\x1b"
KEY = "Idempotency-Key"
OTHERWISE = {
    # One of them is to be given, and that is told.
    "GET /explain": {"plan", "task", "tenant"},
    # Whatever is asked for: what there is of it is told in full.
    "GET /plans/planId/live": {"task"},
    # Taken and not believed.
    "DELETE /tokens/name": {"actor"},
}
"""What is no mistake of its own there."""

INSTEAD = {"endedAgoSeconds": "endedBefore", "forSeconds": "until", "every": "until"}
"""Given, even wrongly, the other is not missing."""

YAML = {"Content-Type": "application/yaml"}

FORBIDDEN = {"POST /sign-in-links"}
"""A name that is another's is."""


def _told(console: ConsoleServer, method: str, path: str, **sent: Any) -> list[str]:
    answer = console.request(method, f"{ROOT}{path}", **sent)
    assert answer.status_code == 422, f"{method} {path}: {answer.text[:2000]}"
    assert all(one["message"] for one in answer.json()["errors"])
    return [one["path"] for one in answer.json()["errors"]]


def test_each_part_of_each_route(shared_console: ConsoleServer) -> None:
    document, seen = document_of(shared_console.app), set[str]()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            route = f"{method.upper()} {path.removeprefix(ROOT).replace('{', '').replace('}', '')}"
            sent, wrong = _all_wrong(operation, document["components"]["schemas"])
            # Routes that are given the same are alike.
            shape = f"{method} {sorted(wrong)}"
            if shape in seen or route in FORBIDDEN:
                continue
            seen.add(shape)
            told = _told(shared_console, *route.split(" "), **sent)
            assert set(told) >= wrong - OTHERWISE.get(route, set()), f"{route}: {told}"
    assert len(seen) > 25


def _all_wrong(operation: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """A request whose every part is wrong, and the names of the parts."""
    given = operation.get("parameters", ())
    query = {one["name"]: _wrong(one["schema"]) for one in given if one["in"] == "query"} | {"zzz": "1"}
    sent: dict[str, Any] = {"params": query}
    if "requestBody" in operation:
        sent["json"] = dict.fromkeys(_keys_of_body(operation, schemas), STEERING) | {"yyy": 1}
    if KEY in {one["name"] for one in given}:
        sent["headers"] = {KEY: "a/"}
    return sent, {*query, *sent.get("json", ()), *sent.get("headers", ())}


def _wrong(schema: dict[str, Any]) -> str:
    """What nobody can see, where it is text; else text."""
    return STEERING if "string" in json.dumps(schema) else "many"


def _keys_of_body(operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    return list(_schema_of_body(operation, schemas)["properties"])


def _schema_of_body(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref") or schema.get("anyOf", [{}])[0].get("$ref")
    return dict(schemas[name.rsplit("/", 1)[1]]) if name else {"properties": {}}


@pytest.mark.parametrize(
    ("at", "how", "told"),
    [
        ("/plans/nope/pause?zzz=1", {"json": {"reason": STEERING, "q": 1}}, ["zzz", "q", "reason"]),
        ("/plans/nope/pause", {"json": {"q": 1}, "headers": {KEY: "a/"}}, [KEY, "q"]),
        ("/plans/nope/pause", {"content": b"{", "headers": {KEY: "a/"}}, [KEY, ""]),
        ("/plans/nope/pause", {"json": [1], "headers": {KEY: "a/"}}, [KEY, "body"]),
        ("/plans/nope/exclude", {"json": {"reason": 3, "actor": "x"}}, ["reason", "tenants", "actor"]),
        (
            "/tenants/nope/retry",
            {"json": {"reason": STEERING, "actor": "", "fromScratch": "x", "overrideFreeze": " ", "stage": "", "q": 3}},
            ["fromScratch", "q", "actor", "stage", "", "reason", "overrideFreeze"],
        ),
        ("/plans:purge", {"json": {"endedAgoSeconds": "x", "actor": "x"}}, ["endedAgoSeconds", "actor"]),
        ("/plans:purge", {"json": {"reason": STEERING}}, ["endedBefore", "reason"]),
        ("/webhooks/x/enable", {"json": {"reason": STEERING}, "headers": {KEY: "a"}}, ["reason", KEY]),
        (
            "/plans?preview=x&overrideFreeze=%1b&skipIdentical=q",
            {"json": right_plan() | {"max_concurrency": 0}},
            ["skipIdentical", "overrideFreeze", "preview", "max_concurrency"],
        ),
        ("/plans?preview=x&overrideFreeze=%1b", {"content": b"{"}, ["", "overrideFreeze", "preview"]),
        ("/plans?preview=x&skipIdentical=q", {"content": b"\xff"}, ["skipIdentical", "", "preview"]),
        ("/plans:preview?againstPlan=%1b", {"content": b"a: [", "headers": YAML}, ["body", "againstPlan"]),
    ],
)
def test_what_one_mistake_hid(shared_console: ConsoleServer, at: str, how: dict[str, Any], told: list[str]) -> None:
    how["headers"] = {"Content-Type": "application/json"} | how.get("headers", {})
    assert _told(shared_console, "POST", at, **how) == told


@pytest.mark.parametrize(
    ("asked", "told"),
    [("task=p.0&zzz=1", ["zzz", ""]), ("tenant=t&task=%1b", ["", ""]), ("tenant=%1b", ["", "tenant"])],
)
def test_what_is_for_a_plan_alone(shared_console: ConsoleServer, asked: str, told: list[str]) -> None:
    assert _told(shared_console, "GET", f"/explain?whole=true&{asked}") == told


def test_each_mistake_beside_what_is_missing(shared_console: ConsoleServer) -> None:
    """A key of a wrong kind, alone in its body, hides none of those that are needed."""
    document, seen = document_of(shared_console.app), set[str]()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            keys = _schema_of_body(operation, document["components"]["schemas"])
            shape = f"{method} {sorted(keys['properties'])} {operation['description']}"
            route = f"{method.upper()} {path.replace('{', '').replace('}', '')}"
            if not keys["properties"] or shape in seen or route.replace(ROOT, "") in OTHERWISE:
                continue
            seen.add(shape)
            _each_alone(shared_console, route, keys)
    assert len(seen) > 20


def _each_alone(console: ConsoleServer, route: str, keys: dict[str, Any]) -> None:
    method, path = route.split(" ")
    needed = set(keys.get("required", ()))
    least = console.request(method, path, json=dict.fromkeys(needed, "nope"))
    # Which of several is to be given is another matter.
    needed |= {one["path"] for one in least.json().get("errors", ())} - {""}
    each: list[dict[str, Any]] = [{}, {"yyy": 1}, *({key: [5]} for key in keys["properties"])]
    for body in each if needed else ():
        told = _told(console, method, path.removeprefix(ROOT), json=body)
        others = needed - {INSTEAD.get(key) for key in body}
        assert set(told) >= others | body.keys(), f"{method} {path} {body}: {told}"
        assert len(set(told)) == len(told), f"{method} {path} {body}: {told}"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/json; charset=utf-8", "missing", ""])
def test_a_body_of_another_kind(shared_console: ConsoleServer, kind: str) -> None:
    headers = {} if kind == "missing" else {"Content-Type": kind}
    for role, at in (("admin", "pause"), ("admin", "pause?zzz=1"), ("admin", "exclude"), ("viewer", "pause")):
        answer = shared_console.post(f"{ROOT}/plans/nope/{at}", role=role, content=b'{"q": 1}', headers=headers)
        assert answer.status_code == (415 if role == "admin" else 403), answer.text
        said = kind.partition(";")[0] or "missing"
        told = f"this request's body is application/json; its Content-Type is {said}"
        assert role == "viewer" or answer.json()["detail"] == told
    assert shared_console.post(f"{ROOT}/plans/nope/pause", headers=headers).status_code == 404


def test_who_may_not_ask_is_told_that_alone(shared_console: ConsoleServer) -> None:
    wrong = {"json": {"reason": STEERING, "q": 1}, "headers": {KEY: "a/"}}
    for role, at, status in (
        ("viewer", "/plans/nope/pause?zzz=1", 403),
        (None, "/plans/nope/pause?zzz=1", 401),
        ("operator", "/plans?zzz=1&overrideFreeze=why", 403),
    ):
        answer = shared_console.post(f"{ROOT}{at}", role=role, **wrong)
        assert (answer.status_code, "errors" in answer.json()) == (status, False), answer.text


def test_what_is_judged_is_not_done(shared_console: ConsoleServer) -> None:
    plan = right_plan() | {"plan_id": "never-written"}
    assert _told(shared_console, "POST", "/plans?zzz=1", json=plan) == ["zzz"]
    assert shared_console.get(f"{ROOT}/plans/never-written").status_code == 404


def test_what_nobody_foresaw_is_logged_and_answered_as_that(
    shared_console: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no mistake of the request's")

    monkeypatch.setattr(Client, "validate", broken)
    with capture_logs() as lines:
        answer = shared_console.post(f"{ROOT}/plans?zzz=1", json=right_plan())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    (failed,) = [line for line in lines if line["action"] == "request-failed"]
    assert failed["errorId"] == answer.json()["errorId"]
    assert isinstance(failed["exc_info"], RuntimeError)


def test_what_is_judged_costs_no_link(shared_console: ConsoleServer) -> None:
    """An actor has twenty at once: one more than that is asked for wrongly."""
    answers = [shared_console.post(f"{ROOT}/sign-in-links?zzz=1", role="viewer") for _ in range(21)]
    assert {answer.status_code for answer in answers} == {422}
