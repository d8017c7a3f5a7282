"""A wrong mapping of a step, or a tenant's wrong override, hides no mistake of what its right part reaches for."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan

STEP = "stages[0].steps[0]"
AGAIN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "strange": ({"connection": "nope", "channel": "c", "message": 1, "evry": 1}, ["evry", "connection"]),
    "misspelt": ({"connection": "nope", "chanel": "c", "message": 1}, ["chanel", "connection"]),
    "missing": ({"connection": "nope", "channel": "c"}, ["message", "connection"]),
    "wrong": ({"connection": "nope", "channel": "c", "message": 1, "every": -1}, ["every", "connection"]),
    "reached for": ({"connection": 5, "channel": "c", "message": 1}, ["connection"]),
    "no mapping": ({"connection": "nope", "channel": "{{ tenant.nope }}", "message": 1, "evry": 1}, ["channel"]),
}


@pytest.mark.parametrize("name", AGAIN)
def test_of_a_step(name: str) -> None:
    again, wrong = AGAIN[name]
    steps = [{"type": "health-check", "rebroadcast": again}]
    errors = validate_plan(right_plan() | {"stages": [{"name": "s", "steps": steps}]}, settings=Settings()).errors
    told = {one.path for one in errors}
    assert told >= {f"{STEP}.rebroadcast.{one}" for one in wrong}
    assert told <= {f"{STEP}.rebroadcast.{one}" for one in (*wrong, "evry", "connection")}


def test_of_an_override() -> None:
    step = {"type": "http-request", "url": "http://good.example/"}
    values = {"url": "http://bad.example/", "bogus": 1, "timeoutSeconds": -1}
    tenant = {"tenant_id": "acme", "overrides": {"http-request": values}}
    plan = right_plan() | {"stages": [{"name": "s", "steps": [step]}], "tenants": [tenant]}
    settings = Settings(allowed_hosts=["good.example"])
    path = "tenants[0].overrides.http-request"
    assert [(one.path, one.value) for one in validate_plan(plan, settings=settings).errors] == [
        (f"{path}.bogus", 1),
        (f"{path}.timeoutSeconds", -1),
        (f"{STEP}.url", "http://bad.example/"),
    ]
