"""What is wrong with a plan that holds secrets is told without them, by the API and on the page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.secrets.known import KnownSecrets
from tests.support.console_server import ConsoleServer
from tests.support.hostile_errors import SECRET
from tests.support.long import IS_LONG, longer
from tests.support.plans import noop_stage, plan, tenant

HOST = {"Host": "console.example"}


def wrong_plans() -> dict[str, dict[str, Any]]:
    """By the place where the secret stands."""
    right = plan("x", [tenant("a")], [noop_stage("s")])

    def step(**given: Any) -> dict[str, Any]:
        return {**right, "stages": [{"name": "s", "steps": [given]}]}

    def one(**given: Any) -> dict[str, Any]:
        return {**right, "tenants": [tenant("a") | given]}

    call = {"type": "http-request", "url": "http://127.0.0.1/"}
    cut = "x" * 192 + SECRET
    return {
        "key": {**right, SECRET: 1},
        "number": {**right, "max_concurrency": SECRET},
        "cut": {**right, "max_concurrency": cut},
        "in a list": {**right, "max_concurrency": ["y", {"z": cut}]},
        "id": {**right, "plan_id": f"a {SECRET}"},
        "step type": step(type=SECRET),
        "parameter": step(type="noop", **{SECRET: SECRET}),
        "its value": step(**call, timeout_seconds=SECRET),
        "its value in depth": step(**call, headers={SECRET: [SECRET]}),
        "url": step(type="http-request", url=f"ftp://user:{SECRET}@h/{SECRET}"),
        "template": step(**call, body="{{ " + SECRET + " }}"),
        "broken template": step(**call, body="{{ '" + SECRET + "' | nothing("),
        "condition": {**right, "stages": [{**noop_stage("s"), "when": f"{SECRET} ==="}]},
        "tenant": one(tenant_id=f"a {SECRET}"),
        "tenant's key": one(**{SECRET: 1}),
        "override": one(overrides={SECRET: {SECRET: 1}}),
        "override's parameter": one(overrides={"noop": {SECRET: cut}}),
        "endpoint": one(network_endpoints=[{"value": f"ftp://{SECRET}"}]),
        "stage": {**right, "stages": [{"name": cut, "steps": 7}]},
        "twice": {**right, "tenants": [tenant(SECRET), tenant(SECRET)]},
        "waves": {**right, "waves": [{SECRET: cut}]},
    }


@longer
def test_no_answer_has_them(shared_console: ConsoleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    for name, wrong in list(wrong_plans().items())[:: 1 if IS_LONG else 4]:
        answers = [shared_console.post(f"/api/v1/{at}", json=wrong, headers=HOST) for at in ("plans:validate", "plans")]
        form = {"plan": json.dumps(wrong)}
        answers.append(shared_console.post("/submit/check", data=form, headers=HOST | {"Accept": "text/html"}))
        assert [one.status_code for one in answers] == [200, 422, 200], (name, answers[0].text)
        for answer in answers:
            # Not even where one was cut.
            assert SECRET[:6] not in answer.text, (name, answer.text)
            assert "***" in answer.text or name == "in a list", (name, answer.text)
