"""The worker holds steps to its settings, whatever the submitter checked: keys of others, and where secrets may go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from orchestrator.secrets.scopes import SecretScope
from orchestrator.settings.model import Settings
from steps import Done, Failed, Outcome, Step, StepContext, StepParameters, StepRegistry, load_registry
from tests.support.in_process import InProcess
from tests.support.instances import Handler, Instances, says
from tests.support.plans import plan, tenant

SECRET = "s3cret-value-of-ops"
WRITE = {"type": "config-write", "key": "tenant_config:{{ tenant.variables.whose }}", "value": "{{ tenant.tenant_id }}"}


class WritesAsItLikes(Step[StepParameters]):
    """A user's own step: nobody could check its key at submit."""

    name = "writes-as-it-likes"
    Parameters = StepParameters

    def run(self, parameters: StepParameters, context: StepContext) -> Outcome:
        answer = context.target.write(context.token, "tenant_config:victim", None, "mine", None)
        return Done() if answer else Failed("Refused", answer.reason)


@pytest.fixture
def away() -> Iterator[Instances]:
    def redirect(handler: Handler) -> None:
        handler.send_response(307)
        handler.send_header("Location", "http://127.0.0.1:9/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with Instances({"/": says({}), "/redirect": redirect}) as server:
        yield server


def run(
    client: redis.Redis, settings: Settings, step: dict[str, Any], registry: StepRegistry | None = None, **worker: Any
) -> dict[str, Any]:
    """Moves tenant acme through one stage of this step; its record."""
    limited = settings.model_copy(update=worker)
    stages = [{"name": "switch", "steps": [step]}]
    with InProcess(client, settings, registry or load_registry(), worker_settings=limited) as place:
        place.submit(plan("p", [tenant("acme", variables={"whose": "victim"})], stages))
        (task,) = place.admit("p")
        place.run_all(task)
        return place.reader.task_records(["p.0"])[0]


def test_a_key_of_another_tenant(redis_client: redis.Redis, settings: Settings) -> None:
    record = run(redis_client, settings, WRITE, writable_keys=["tenant_config:{tenant}"])
    assert record["status"] == "FAILED"
    assert "KeyNotAllowed" in record["failure"]
    assert "is not one that tenant 'acme' may write" in record["failure"]
    # Neither the key nor its fence: the victim's own move is not hurt.
    assert not redis_client.exists("tenant_config:victim", "changeover:fence:{tenant_config:victim}")


def test_a_step_of_a_users_own_is_held_to_it(redis_client: redis.Redis, settings: Settings) -> None:
    registry = StepRegistry([*map(load_registry().get, load_registry().names()), WritesAsItLikes()])
    step = {"type": "writes-as-it-likes"}
    record = run(redis_client, settings, step, registry, writable_keys=["tenant_config:{tenant}"])
    assert record["status"] == "FAILED"
    assert "is not one that tenant 'acme' may write" in record["failure"]
    assert not redis_client.exists("tenant_config:victim")


def test_a_fence_that_another_tenant_raised_is_told_truly(redis_client: redis.Redis, settings: Settings) -> None:
    with InProcess(redis_client, settings, load_registry()) as place:
        whose = {"whose": "victim"}
        place.submit(plan("p", [tenant("victim", variables=whose)], [{"name": "switch", "steps": [WRITE]}]))
        place.submit(plan("q", [tenant("acme", variables=whose)], [{"name": "switch", "steps": [WRITE]}]))
        (mine,) = place.admit("p")
        (other,) = place.admit("q")
        place.run_all(other)
        place.run_all(mine)
        failure = place.reader.task_records(["p.0"])[0]["failure"]
    assert "FencedOut" in failure
    assert f"tenant 'acme' (epoch {other.epoch}) has written this key since" in failure
    assert "newer holder" not in failure


def test_a_secret_goes_where_it_may(
    redis_client: redis.Redis, settings: Settings, away: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS", SECRET)
    call = {"type": "http-request", "url": away.url("/"), "headers": {"X": "{{ secret.OPS }}"}}
    record = run(redis_client, settings, call, secrets={"OPS": SecretScope(hosts=["127.0.0.0/8"])})
    assert record["status"] == "COMPLETED"
    assert away.received[0].headers["x"] == SECRET


@pytest.mark.parametrize(
    "step",
    [
        {"type": "http-request", "json": {"deep": ["{{ secret.OPS }}"]}},
        {"type": "http-request", "headers": {"Authorization": "Bearer {{ secret.OPS }}"}},
        {"type": "http-request", "form": {"a": "{{ secret.OPS }}"}},
        {"type": "poll", "until": "true", "headers": {"X": "{{ secret.OPS }}"}, "max_attempts": 1},
        {"type": "notify", "json": {"a": "{{ 'x' ~ secret.OPS }}"}, "required": True},
        {"type": "health-check", "headers": {"X": "{{ secret.OPS }}"}, "max_attempts": 1},
    ],
)
def test_and_nowhere_else(
    step: dict[str, Any],
    redis_client: redis.Redis,
    settings: Settings,
    away: Instances,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS", SECRET)
    scope = {"OPS": SecretScope(hosts=["hooks.example.com"])}
    if step["type"] != "health-check":
        step = {**step, "url": away.url("/")}
    with InProcess(
        redis_client, settings, load_registry(), worker_settings=settings.model_copy(update={"secrets": scope})
    ) as place:
        endpoints = [{"key": "a", "value": away.url("/")}]
        place.submit(plan("p", [tenant("acme", network_endpoints=endpoints)], [{"name": "switch", "steps": [step]}]))
        (task,) = place.admit("p")
        place.run_all(task)
        record = place.reader.task_records(["p.0"])[0]
    assert away.seen == []
    assert record["status"] == "FAILED"
    assert "secret OPS may be sent to hooks.example.com only" in record["failure"]
    assert SECRET not in record["failure"]


def test_a_redirect_takes_it_nowhere(
    redis_client: redis.Redis, settings: Settings, away: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS", SECRET)
    call = {"type": "http-request", "url": away.url("/redirect"), "headers": {"X": "{{ secret.OPS }}"}}
    record = run(redis_client, settings, call, secrets={"OPS": SecretScope(hosts=["127.0.0.0/8"])})
    assert "redirects are not followed" in record["failure"]
    assert away.seen == ["/redirect"]


@pytest.mark.parametrize(
    "step",
    [
        {"type": "config-write", "key": "tenant_config:acme", "value": "{{ secret.OPS }}"},
        {"type": "broadcast", "channel": "c", "message": "{{ secret.OPS }}"},
    ],
)
def test_redis_is_a_host_as_well(
    step: dict[str, Any], redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS", SECRET)
    record = run(redis_client, settings, step, secrets={"OPS": SecretScope(hosts=["hooks.example.com"])})
    assert "SecretNotAllowed" in record["failure"]
    assert not redis_client.exists("tenant_config:acme")


@pytest.mark.parametrize("scope", [{"plans": ["prod-*"]}, {"steps": ["notify"]}, {"services": ["gateway"]}])
def test_a_secret_that_is_not_for_the_step_is_not_read(
    scope: dict[str, Any], redis_client: redis.Redis, settings: Settings, away: Instances
) -> None:
    # It does not even have to be there: whether it is says nothing.
    call = {"type": "http-request", "url": away.url("/"), "headers": {"X": "{{ secret.OPS }}"}}
    record = run(redis_client, settings, call, secrets={"OPS": SecretScope(**scope)})
    assert record["status"] == "FAILED"
    assert "secret OPS is not for" in record["failure"]
    assert away.seen == []
