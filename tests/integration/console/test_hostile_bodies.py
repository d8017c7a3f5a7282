"""What no JSON and no calendar knows is a mistake with its place, and no failure of the console."""

from __future__ import annotations

import json

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
        (PAUSE, '{"other": NaN}', "other"),
        (PAUSE, '{"other": [1e999, {"a": -1e999}]}', "other"),
        (PAUSE, f'{{"other": ["{HALF}"]}}', "other"),
        (PAUSE, '{"other": ' + '{"a": ' * 900 + "1" + "}" * 901, "other"),
        (PAUSE, "NaN", "body"),
        (TOKENS, '{"name": "a", "role": "viewer", "expiresSeconds": 1e999}', "expires"),
        (TOKENS, f'{{"name": "a", "role": "{HALF}"}}', "role"),
        ("/webhooks/x/resend", f'{{"ids": ["{HALF}"]}}', "ids[0]"),
        (FREEZES, f'{{"reason": "x", "tenants": "{HALF}", "forSeconds": 5}}', "tenants"),
        (FREEZES, '{"reason": "x", "all": true, "until": "9999-12-31T23:59:59-23:59"}', "until"),
        (FREEZES, '{"reason": "x", "all": true, "from": "9999-12-31T23:59:59-23:59", "forSeconds": 1e6}', "from"),
        (FREEZES, '{"reason": "x", "all": true, "from": "0001-01-01T00:00:00+23:59", "forSeconds": 1e6}', "until"),
        (
            FREEZES,
            '{"reason": "x", "all": true, "from": "0001-01-01T00:00:00Z", "until": "2100-01-01"}',
            "until",
        ),
        (PURGE, f'{{"reason": "{HALF}", "endedBefore": "2000-01-01T00:00:00Z"}}', "reason"),
        (PURGE, '{"reason": "x", "endedBefore": "10000-01-01T00:00:00Z"}', "endedBefore"),
    ],
)
def test_it_is_told_where_it_stands(shared_console: ConsoleServer, at: str, body: str, path: str) -> None:
    answer = shared_console.post(
        f"/api/v1{at}", content=body.encode(), headers={"Content-Type": "application/json", "Host": "console.example"}
    )
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid_input"), answer.text[:500]
    assert path in [error["path"].removeprefix("body.") for error in told["errors"]], answer.text[:500]


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


def test_forms_take_no_files(shared_console: ConsoleServer) -> None:
    sent = {"reason": ("a.txt", b"x" * 1000, "text/plain")}
    for path in ("/freezes/do/set", "/tokens/absent/do/revoke", "/plans/absent/do/pause"):
        answer = shared_console.post(path, files=sent)
        assert (answer.status_code, answer.json()["status"]) == (400, 400), answer.text
