"""What a plan reaches for is checked at submit: connections, instance lists, hosts, secrets' names, parameters."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import Validated, validate_plan
from steps import Done, Needs, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.right_plan import right_plan

SETTINGS: dict[str, Any] = {
    "connections": {"routing": {"url": "redis://h"}},
    "instances": {"gateways": {"urls": ["http://gw-1"]}},
}
CALL = {"type": "http-request", "url": "https://api.example.com/{{ tenant.tenant_id }}", "json": {}}
ACK = {
    "type": "redis-ack", "key": "k", "footprint": "$.v", "value": {"v": "{{ tenant.deploy_unit_version }}"},
    "channel": "c", "message": "m",
}  # fmt: skip


def validated(*steps: dict[str, Any], tenant: dict[str, Any] | None = None, **settings: Any) -> Validated:
    plan = right_plan()
    plan["stages"][0]["steps"] = list(steps)
    plan["tenants"][0] |= tenant or {}
    return validate_plan(plan, settings=Settings(**{**SETTINGS, **settings}))


def errors(*steps: dict[str, Any], **more: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in validated(*steps, **more).errors}


def test_what_is_known_is_accepted() -> None:
    version = "{{ tenant.deploy_unit_version }}"
    known: list[dict[str, Any]] = [
        CALL,
        {**ACK, "connection": "routing", "instances": "gateways"},
        {"type": "notify", "url": "https://hook/{{ secret.HOOK }}", "json": "{{ tenant.tenant_id }}"},
        {"type": "notify", "url": "{{ secret.HOOK_URL }}", "json": {}},
        {"type": "poll", "url": "http://agent", "until": "done", "headers": {"X-V": version}},
        {"type": "wait", "seconds": "{{ tenant.variables.pause }}"},
    ]  # fmt: skip
    assert errors(*known, tenant={"variables": {"pause": 3}}) == {}


@pytest.mark.parametrize(
    ("step", "path", "words"),
    [
        ({**ACK, "connection": "rooting"}, "connection", "unknown connection; did you mean 'routing'?, for tenants[0]"),
        ({**ACK, "instances": "gateway"}, "instances", "unknown instance list; did you mean 'gateways'?"),
        ({"type": "health-check", "rebroadcast": {"channel": "c", "message": 1, "connection": "x"}},
         "rebroadcast.connection", "unknown connection; known: routing"),
        ({**CALL, "jsn": 1}, "jsn", "did you mean 'json'?"),
        ({**CALL, "body": "x"}, "body", "json is given too"),
        ({**CALL, "success": "code =="}, "success", "expression syntax"),
        ({**CALL, "success": "f(a=1) = 'x'"}, "success", "did you mean '=='?"),
        ({**CALL, "url": "ftp://x"}, "url", "its scheme is 'ftp'"),
        ({**CALL, "retry": {"max_attempts": 0}}, "retry.max_attempts", "at least 1"),
        ({**CALL, "headers": {"X": "{{ secret['no name'] }}"}}, "headers.X", "is no name of a secret"),
        ({"type": "notify", "url": "http://h"}, "json", "missing"),
        ({**ACK, "value": {"w": "{{ tenant.tenant_id }}"}}, "value", "has no footprint at $.v"),
        ({"type": "config-write", "key": "changeover:{ns}:task", "value": 1}, "key", "kept for Changeover itself"),
    ],
)  # fmt: skip
def test_what_is_not_is_named(step: dict[str, Any], path: str, words: str) -> None:
    found = errors(step)
    assert list(found) == [f"stages[0].steps[0].{path}"]
    assert words in found[f"stages[0].steps[0].{path}"]


def test_hosts_are_limited_where_the_setting_says_so() -> None:
    health = {"type": "health-check"}
    assert errors(CALL, health) == {}
    found = errors(CALL, health, allowed_hosts=["*.example.org"])
    assert set(found) == {"stages[0].steps[0].url", "tenants[0].network_endpoints[0]"}
    assert found["stages[0].steps[0].url"].startswith("host 'api.example.com' (port 443) is not among the allowed")
    assert errors(CALL, health, allowed_hosts=["*.example.com", "127.0.0.0/8"]) == {}
    assert errors({**CALL, "url": "https://{{ secret.HOST }}/"}, allowed_hosts=["127.0.0.1"]) == {}


def test_a_named_list_needs_no_endpoints_of_the_tenant() -> None:
    alone: dict[str, Any] = {"network_endpoints": []}
    assert errors({"type": "health-check", "instances": "gateways"}, tenant=alone) == {}
    assert "a redis-ack needs at least one endpoint" in errors(ACK, tenant=alone)["tenants[0].network_endpoints"]


class AskingParameters(StepParameters):
    def needs(self) -> Needs:
        return Needs(endpoints=True)


class Asking(Step[AskingParameters]):
    """A step of somebody's own that asks the tenant's endpoints."""

    name = "asking"
    Parameters = AskingParameters

    def run(self, parameters: AskingParameters, context: StepContext) -> Outcome:
        return Done()


def test_a_step_of_ones_own_may_need_endpoints_too() -> None:
    plan = right_plan()
    plan["stages"][0]["steps"] = [{"type": "asking"}]
    plan["tenants"][0] |= {"network_endpoints": []}
    found = validate_plan(plan, registry=StepRegistry([Asking()]), settings=Settings())
    assert [str(one.message) for one in found.errors if one.path == "tenants[0].network_endpoints"] == [
        "a asking needs at least one endpoint: network_endpoints, target_domain or target_ip"
    ]
