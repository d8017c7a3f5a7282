"""What a plan may do is checked at submit: keys of other tenants, secrets not for it, hosts to send them to."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.model import Settings
from orchestrator.validation import Validated, validate_plan
from tests.support.right_plan import right_plan

STEP = "stages[0].steps[0]"
WRITE = {"type": "config-write", "key": "tenant_config:{{ tenant.tenant_id }}", "value": 1}
HOOK = {"type": "notify", "url": "https://hooks.example.com/x", "json": {}, "headers": {"X-Key": "{{ secret.OPS }}"}}
CHECK = {"type": "health-check", "headers": {"X-Key": "{{ secret.OPS }}"}}
SERVICES = {"gateway": {"stages": [{"name": "switch", "steps": [{"type": "noop"}]}]}}


def validated(*steps: dict[str, Any], plan_id: str = "prod-1", stage: str = "switch", **settings: Any) -> Validated:
    plan = right_plan() | {"plan_id": plan_id}
    plan["stages"] = [{"name": stage, "steps": list(steps)}]
    return validate_plan(plan, settings=Settings(**settings))


def errors(*steps: dict[str, Any], **more: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in validated(*steps, **more).errors}


def warnings(*steps: dict[str, Any], **more: Any) -> list[str]:
    found = [f"{problem.path}: {problem.message}" for problem in validated(*steps, **more).warnings]
    return [text for text in found if "secret " in text or "writable_keys" in text]


def test_keys_that_a_tenant_may_write() -> None:
    keys = ["tenant_config:{tenant}"]
    assert errors(WRITE, writable_keys=keys) == {}
    assert warnings(WRITE, writable_keys=keys) == []
    other = {**WRITE, "key": "tenant_config:{{ tenant.tenant_id }}-2"}
    found = errors(other, writable_keys=keys)
    assert list(found) == [f"{STEP}.key"]
    assert "is not one that tenant" in found[f"{STEP}.key"]
    ack = {"type": "redis-ack", "key": "k", "footprint": "$.v", "value": {"v": 1}, "channel": "c", "message": 1}
    assert list(errors(ack, writable_keys=keys)) == [f"{STEP}.key"]


def test_an_override_cannot_reach_another_tenants_key() -> None:
    plan = right_plan()
    plan["stages"] = [{"name": "switch", "steps": [WRITE]}]
    plan["tenants"][0]["overrides"] = {"config_write": {"key": "tenant_config:victim"}}
    found = validate_plan(plan, settings=Settings(writable_keys=["tenant_config:{tenant}"])).errors
    assert ["may write" in problem.message for problem in found] == [True]


def test_without_the_setting_a_strange_key_is_warned_of() -> None:
    assert warnings(WRITE) == []
    (warning,) = warnings({**WRITE, "key": "routes"})
    assert warning.startswith(f"{STEP}.key: key 'routes' does not name its tenant")


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ({"plans": "prod-*"}, None),
        ({"plans": ["test-*", "prod-1"]}, None),
        ({"plans": "test-*"}, "secret OPS is not for plan 'prod-1': its scope says plans test-*"),
        ({"services": "gateway"}, None),
        ({"services": "switch"}, None),
        ({"services": ["portal"]}, "is not for service 'switch'"),
        ({"steps": "notify"}, None),
        ({"steps": ["http-*"]}, "is not for step 'notify'"),
        ({"hosts": "*.example.com"}, None),
        ({"hosts": ["hooks.example.com:443"]}, None),
        ({"hosts": ["hooks.example.org"]}, "secret OPS may be sent to hooks.example.org only"),
        ({"hosts": ["hooks.example.com:8443"]}, "only"),
        ({"plans": "prod-*", "steps": "poll"}, "is not for step"),
    ],
)
def test_the_scope_of_a_secret(scope: dict[str, Any], words: str | None) -> None:
    found = errors(HOOK, secrets={"OPS": scope}, services=SERVICES)
    assert bool(found) is (words is not None)
    assert all(path.startswith(STEP) and str(words) in message for path, message in found.items())
    assert warnings(HOOK, secrets={"OPS": scope}, services=SERVICES) == []


def test_a_secret_without_a_scope_is_warned_of_once() -> None:
    (warning,) = warnings(HOOK, HOOK, secrets={"OTHER": {"plans": "*"}})
    assert warning == (
        f"{STEP}: secret OPS has no scope: any plan may read it and send it anywhere; see the setting secrets"
    )
    (warning,) = warnings(HOOK, secrets={"OPS_": {"plans": "*"}})
    assert warning.endswith("see the setting secrets; did you mean OPS_, which has one?")


def test_hosts_hold_for_instances_and_redis_too() -> None:
    scope = {"OPS": {"hosts": ["hooks.example.com"]}}
    assert "may be sent to hooks.example.com only" in errors(CHECK, secrets=scope)[STEP]
    assert errors(CHECK, secrets={"OPS": {"hosts": ["127.0.0.0/8", "10.0.0.0/8"]}}) == {}
    listed = {"a": {"urls": ["http://gw.example.com"]}}
    assert STEP in errors({**CHECK, "instances": "a"}, secrets=scope, instances=listed)
    write = {**WRITE, "value": "{{ secret.OPS }}"}
    assert "writes to Redis" in errors(write, secrets=scope, redis_url="redis://redis.example.com")[STEP]
    assert errors(write, secrets=scope, redis_url="redis://hooks.example.com") == {}
    elsewhere = {**write, "connection": "r"}
    servers = {"r": {"url": "redis://:pw@other.example.com:7000/2"}}
    assert list(errors(elsewhere, secrets=scope, connections=servers)) == [f"{STEP}.connection"]
    told = {"type": "broadcast", "channel": "c", "message": "{{ secret.OPS }}"}
    assert STEP in errors(told, secrets=scope, redis_url="redis://redis.example.com")


@pytest.mark.parametrize("scope", [{}, {"plan": "x"}, {"plans": []}, {"plans": ""}, {"hosts": "http://x"}])
def test_no_scope(scope: dict[str, Any]) -> None:
    with pytest.raises((ValueError, InvalidInput)):
        Settings(secrets={"OPS": scope})
