"""``config-write`` and ``broadcast`` over a real Redis, there or away."""

from __future__ import annotations

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from steps import (
    Broadcast,
    BroadcastParameters,
    ConfigWrite,
    ConfigWriteParameters,
    Done,
    Failed,
    PollAgain,
    RedisTarget,
)
from steps.redis.outage import MAX_ATTEMPTS
from tests.support.place import Place
from tests.support.redis_server import RedisServer
from tests.support.step_context import context, token


@pytest.fixture
def target(redis_client: redis.Redis) -> RedisTarget:
    return RedisTarget(redis_client, "redis://target", own_ledger=False)


def parameters(**values: object) -> ConfigWriteParameters:
    return ConfigWriteParameters.model_validate({"key": "tenant_config:acme", **values})


def test_config_write_of_json_into_a_field(target: RedisTarget, redis_client: redis.Redis) -> None:
    given = parameters(field="gateway", value={"version": "42", "name": "grün"}, ttl_seconds=500)
    outcome = ConfigWrite().run(given, context(target=target))
    text = '{"name":"grün","version":"42"}'
    assert outcome == Done({"key": "tenant_config:acme", "field": "gateway", "bytes": len(text) + 1})
    assert redis_client.hgetall("tenant_config:acme") == {"gateway": text}
    assert redis_client.ttl("tenant_config:acme") > 490


def test_config_write_of_text(target: RedisTarget, redis_client: redis.Redis) -> None:
    outcome = ConfigWrite().run(parameters(value="as it is"), context(target=target))
    assert outcome == Done({"key": "tenant_config:acme", "field": None, "bytes": 8})
    assert redis_client.get("tenant_config:acme") == "as it is"


def test_config_write_by_an_older_holder(target: RedisTarget, redis_client: redis.Redis) -> None:
    ConfigWrite().run(parameters(value="new"), context(target=target, fence=token(9)))
    outcome = ConfigWrite().run(parameters(value="old"), context(target=target, fence=token(8)))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "FencedOut"
    assert "epoch 8" in outcome.message
    assert redis_client.get("tenant_config:acme") == "new"


def test_config_write_over_another_type(target: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.lpush("tenant_config:acme", "x")
    outcome = ConfigWrite().run(parameters(value="v"), context(target=target))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "WrongType"


def test_broadcast(target: RedisTarget, redis_client: redis.Redis, place: Place) -> None:
    channel = place.namespace
    given = BroadcastParameters(channel=channel, message={"tenantId": "acme"})
    assert Broadcast().run(given, context(target=target)) == Done({"receivers": 0})
    with redis_client.pubsub() as subscriber:  # type: ignore[no-untyped-call]
        subscriber.subscribe(channel)
        assert (subscriber.get_message(timeout=5) or {})["type"] == "subscribe"
        assert Broadcast().run(given, context(target=target)) == Done({"receivers": 1})
        assert (subscriber.get_message(timeout=5) or {})["data"] == '{"tenantId":"acme"}'


def test_an_outage_is_ridden_out_then_fails(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RedisServer(tmp_path_factory.mktemp("outage"))
    message = BroadcastParameters(channel="c", message="m")
    with redis.Redis.from_url(server.url(), retry=Retry(NoBackoff(), 0)) as client:
        target = RedisTarget(client, server.url(), own_ledger=False)
        for attempt in (1, MAX_ATTEMPTS - 1):
            outcome = ConfigWrite().run(parameters(value="v"), context(target=target, attempt=attempt))
            assert isinstance(outcome, PollAgain)
            assert outcome.after_seconds == 2
            assert outcome.note.startswith(
                f"attempt {attempt} of {MAX_ATTEMPTS}: Redis at {server.url()} did not answer"
            )
        for failed in (
            ConfigWrite().run(parameters(value="v"), context(target=target, attempt=MAX_ATTEMPTS)),
            Broadcast().run(message, context(target=target, attempt=MAX_ATTEMPTS)),
        ):
            assert isinstance(failed, Failed)
            assert failed.kind == "TargetUnavailable"
        assert isinstance(Broadcast().run(message, context(target=target)), PollAgain)

        server.start()
        try:
            assert isinstance(ConfigWrite().run(parameters(value="v"), context(target=target, attempt=2)), Done)
        finally:
            server.stop()
