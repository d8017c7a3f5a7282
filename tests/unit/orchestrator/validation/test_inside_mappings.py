"""A wrong mapping of a step, a template of it that gives nothing, or a tenant's wrong override hides no mistake of what
its right part reaches for."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import findings, validate_plan
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


URL = "http://169.254.169.254/{{ tenant.tenant_id }}"
FAULTY: list[dict[str, Any]] = [
    {"headers": {"a": "{{ nope }}"}},
    {"json": {"a": "{{ nope }}", "b": "{{ tenant.tenant_id }}"}},
    {"success": "{{ nope }}"},
    {"success": "ok == '{{ tenant.tenant_id }}'", "body": "{{ secret.T }}{{ nope }}"},
    {"body": "{{ nope"},
]


@pytest.mark.parametrize("beside", FAULTY, ids=str)
def test_of_a_step_with_a_template_that_gives_nothing(beside: dict[str, Any]) -> None:
    steps = [{"type": "http-request", "url": URL, **beside}]
    plan = right_plan() | {"stages": [{"name": "s", "steps": steps}], "tenants": [{"tenant_id": "a"}]}
    errors = validate_plan(plan, settings=Settings()).errors
    at_url = [one for one in errors if one.path == f"{STEP}.url"]
    assert [one.value for one in at_url] == ["http://169.254.169.254/a"]
    assert "link-local" in at_url[0].message
    assert len(errors) == 2


def test_a_look_at_a_step_that_is_told_counts_as_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_MET", 30)
    steps = [{"type": "http-request", "url": f"{URL}/{index}", "body": "{{ nope }}"} for index in range(3)]
    tenants = [{"tenant_id": f"t{index}"} for index in range(4)]
    plan = right_plan() | {"stages": [{"name": "s", "steps": steps}], "tenants": tenants}
    errors = validate_plan(plan, settings=Settings(allowed_hosts=["169.254.169.254"])).errors
    assert [one.message for one in errors] == ["the name 'nope' is undefined, for tenants[0] and 3 more"] * 3
