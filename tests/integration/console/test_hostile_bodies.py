"""What no JSON and no calendar knows is a mistake with its place, and no failure of the console."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

from tests.support.console_server import ConsoleServer
from tests.support.plans import noop_stage, plan, tenant

HALF = "\\ud800"
PAUSE, FREEZES, TOKENS, PURGE = "/plans/x/pause", "/freezes", "/tokens", "/plans:purge"


@pytest.mark.parametrize(
    ("at", "body", "path"),
    [
        (PAUSE, f'{{"reason": "{HALF}"}}', "reason"),
        (PAUSE, f'{{"{HALF}": 1}}', "body"),
        (PAUSE, b'{"reason": "\xed\xa0\x80"}', "reason"),
        (PAUSE, b"\xfe\xff\x00[", ""),
        (PAUSE, '{"other": NaN}', "other"),
        (PAUSE, '{"other": [1e999, {"a": -1e999}]}', "other"),
        (PAUSE, f'{{"other": ["{HALF}"]}}', "other"),
        (PAUSE, '{"other": ' + '{"a": ' * 900 + "1" + "}" * 901, "other"),
        (PAUSE, "NaN", "body"),
        (TOKENS, '{"name": "a", "role": "viewer", "expiresSeconds": 1e999}', "expiresSeconds"),
        (TOKENS, f'{{"name": "a", "role": "{HALF}"}}', "role"),
        ("/webhooks/x/resend", f'{{"ids": ["{HALF}"]}}', "ids[0]"),
        (FREEZES, f'{{"reason": "x", "tenants": "{HALF}", "forSeconds": 5}}', "tenants"),
        (FREEZES, '{"reason": "x", "all": true, "until": "9999-12-31T23:59:59-23:59"}', "until"),
        (FREEZES, '{"reason": "x", "all": true, "from": "9999-12-31T23:59:59-23:59", "forSeconds": 1e6}', "from"),
        (FREEZES, '{"reason": "x", "all": true, "from": "0001-01-01T00:00:00+23:59", "forSeconds": 1e6}', "forSeconds"),
        (
            FREEZES,
            '{"reason": "x", "all": true, "from": "0001-01-01T00:00:00Z", "until": "2100-01-01"}',
            "until",
        ),
        (FREEZES, '{"reason": "x", "all": true, "from": "20361224T", "forSeconds": 1}', "from"),
        (FREEZES, '{"reason": "x", "all": true, "from": 20361224, "forSeconds": 1}', "from"),
        (FREEZES, '{"reason": "x", "all": true, "until": 4102444800.0}', "until"),
        (FREEZES, '{"reason": "x", "all": true, "forSeconds": true}', "forSeconds"),
        (FREEZES, '{"reason": "x", "all": true, "forSeconds": "60"}', "forSeconds"),
        (TOKENS, '{"name": "a", "role": "viewer", "expiresSeconds": true}', "expiresSeconds"),
        (PURGE, '{"reason": "x", "endedBefore": 5}', "endedBefore"),
        (PURGE, f'{{"reason": "{HALF}", "endedBefore": "2000-01-01T00:00:00Z"}}', "reason"),
        (PURGE, '{"reason": "x", "endedBefore": "10000-01-01T00:00:00Z"}', "endedBefore"),
    ],
)
def test_it_is_told_where_it_stands(shared_console: ConsoleServer, at: str, body: str | bytes, path: str) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    answer = shared_console.post(
        f"/api/v1{at}", content=content, headers={"Content-Type": "application/json", "Host": "console.example"}
    )
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid_input"), answer.text[:500]
    assert path in [error["path"].removeprefix("body.") for error in told["errors"]], answer.text[:500]


def test_all_that_is_wrong_with_a_freeze_is_told_at_once(shared_console: ConsoleServer) -> None:
    body = {"tenants": 5, "label": "region = eu", "all": 1, "from": 20261224, "forSeconds": True, "every": "28-3,15"}
    answer = shared_console.post("/api/v1/freezes", json={**body, "rollbacksToo": "no", "reason": 7})
    told = {error["path"] for error in answer.json()["errors"]}
    assert (answer.status_code, told) == (422, {*body, "rollbacksToo", "reason", ""})
    answer = shared_console.post("/api/v1/freezes", json={"reason": "x"})
    assert [error["message"] for error in answer.json()["errors"]] == [
        "give exactly one of `tenants`, `label` and `all`",
        "missing; a freeze has an end (`until`, `forSeconds`), or times that recur (`every`)",
    ]


def test_a_plan_is_no_other_body(shared_console: ConsoleServer) -> None:
    written = json.dumps(plan("x", [tenant("a")], [noop_stage("a")]))
    for more, path in (
        ('"not_before": "9999-12-31T23:59:59-23:59", ', "not_before"),
        ('"not_after": "0001-01-01T00:00:00+23:59", ', "not_after"),
        (f'"description": "{HALF}", ', "description"),
        ('"priority": 1e999, ', "priority"),
    ):
        answer = shared_console.post(
            "/api/v1/plans",
            content=(written[0] + more + written[1:]).encode(),
            headers={"Content-Type": "application/json", "Host": "console.example"},
        )
        assert answer.status_code == 422, answer.text[:500]
        assert path in [error["path"] for error in answer.json()["errors"]] or path == "priority", answer.text[:500]


def test_a_form_that_says_whom_twice_freezes_nobody(shared_console: ConsoleServer) -> None:
    """All, and beside that some."""
    said = {"scope": "all", "tenants": "lumen", "reason": "only lumen"}
    answer = shared_console.post("/freezes/do/set", role="admin", data=said, headers={"Accept": "text/html"})
    assert "exactly one of `Tenants like`, `With the label` and `All tenants`" in answer.text
    assert "Until: missing; a freeze has an end (`Until`, `For so many hours`)" in answer.text
    assert [one for one in shared_console.client.freezes() if one.reason == "only lumen"] == []


def test_forms_take_no_files(shared_console: ConsoleServer) -> None:
    sent = {"reason": ("a.txt", b"x" * 1000, "text/plain")}
    for path in ("/freezes/do/set", "/tokens/absent/do/revoke", "/plans/absent/do/pause"):
        answer = shared_console.post(path, files=sent)
        assert (answer.status_code, answer.json()["status"]) == (400, 400), answer.text


@pytest.mark.parametrize(
    ("at", "body", "path"),
    [
        (PAUSE, '{"reason": "a", "reason": "b"}', "reason"),
        (PAUSE, '{"reason": "a", "reason": "a"}', "reason"),
        (PAUSE, '{"reason": "a", "other": [{"b": 1, "b": 2}]}', "b other"),
        (FREEZES, '{"reason": "x", "tenants": "x-1", "tenants": "x-2", "forSeconds": 5}', "tenants"),
        (TOKENS, '{"name": "x-1", "role": "viewer", "role": "admin"}', "role"),
        ("/plans:validate", '{"plan_id": "a", "plan_id": "b"}', ""),
        (f"{PAUSE}?x=1", "", "x"),
    ],
)
def test_what_is_said_twice_is_refused_by_name(shared_console: ConsoleServer, at: str, body: str, path: str) -> None:
    for coded in (body.encode(), body.encode("utf-16-le")) if at == PAUSE else (body.encode(),):
        answer = shared_console.post(
            f"/api/v1{at}", content=coded, headers={"Content-Type": "application/json", "Host": "console.example"}
        )
        assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (
            422,
            path.split(" "),
        ), answer.text


def test_a_filter_is_given_once_unless_it_takes_several(shared_console: ConsoleServer) -> None:
    answer = shared_console.get("/api/v1/events?tenant=a&tenant=b&type=TaskFailed&type=TaskPaused")
    assert (answer.status_code, [one["path"] for one in answer.json()["errors"]]) == (422, ["tenant"]), answer.text
    assert shared_console.get("/api/v1/events?tenant=a&type=TaskFailed&type=TaskPaused").status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"\xff", "UTF-8"), (b'{"a":' * 100_000, "nested too deeply"), (b'{"reason": ' + b"9" * 5000 + b"}", "digits")],
)
def test_why_a_body_cannot_be_read_is_said(shared_console: ConsoleServer, body: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json", "Host": "console.example"}
    answer = shared_console.post(f"/api/v1{PAUSE}", content=body, headers=headers)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text


@pytest.mark.parametrize(
    "keys",
    [
        *((key,) for key in ("", "%20", "a%00", "a\x1bb", "a%E2%80%AEb", "%ff", "\xe9", "a" * 201, "a" * 900)),
        ("a", "a"),
        ("a", ""),
    ],
)
def test_a_key_that_would_not_make_it_one_request_is_refused(
    shared_console: ConsoleServer, keys: tuple[str, ...]
) -> None:
    own = {b"Host": b"console.example", b"Authorization": f"Bearer {shared_console.token('admin')}".encode()}
    sent = [*own.items(), *((b"Idempotency-Key", key.encode("latin-1")) for key in keys)]
    for path in ("/api/v1/plans/x/pause", "/api/v1/freezes", "/api/v1/plans"):
        answer = shared_console.http.post(path, json={}, headers=sent)
        assert answer.status_code == 422, answer.text
        assert "Idempotency-Key" in [one["path"] for one in answer.json()["errors"]], answer.text


@pytest.mark.parametrize("method", [b"POST", b"HEAD"])
def test_a_body_of_two_lengths_is_refused_and_its_connection_closed(
    shared_console: ConsoleServer, method: bytes
) -> None:
    hidden = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    lengths = b"content-length: %d\r\nTransfer-Encoding: chunked\r\n" % len(hidden)
    head = method + b" /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lengths + b"\r\n"
    with socket.create_connection(("127.0.0.1", shared_console.port), 10) as connection:
        connection.sendall(head + hidden)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        (b"GET", b" / HTTP/1.1\r\n\r\n"),
        (b"GET", b" / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (b"GET", b" /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        (b"POST", b" /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        (b"POST", b" /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    ],
)
def test_what_is_no_http_is_a_problem_like_any_other(shared_console: ConsoleServer, method: bytes, rest: bytes) -> None:
    with socket.create_connection(("127.0.0.1", shared_console.port), 10) as connection:
        connection.sendall(method + rest)
        answer = http.client.HTTPResponse(connection, method=method.decode())
        answer.begin()
        document = json.loads(answer.read())
    assert (answer.status, answer.headers["content-type"], document["code"]) == (
        400,
        "application/problem+json",
        "bad_request",
    )
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_slash_at_the_end_is_another_address_and_leads_nowhere(shared_console: ConsoleServer) -> None:
    answer = shared_console.get("/api/v1/plans/", headers={"Host": "console.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
