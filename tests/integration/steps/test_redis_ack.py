"""``redis-ack`` over a real Redis and real instances, and the steps that work on a Redis of another name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from pydantic import SecretStr, ValidationError

from orchestrator.settings.model import ConnectionSettings
from steps import (
    Broadcast,
    BroadcastParameters,
    ConfigWrite,
    ConfigWriteParameters,
    Done,
    Failed,
    HttpPool,
    Outcome,
    PollAgain,
    RedisAck,
    RedisAckParameters,
    RedisTarget,
)
from tests.support.instances import Answer, Handler, Instances, hang, raw, says
from tests.support.place import Place
from tests.support.redis_server import free_port
from tests.support.step_context import context, token
from workers.connections import Connections

GIVEN: dict[str, Any] = {
    "key": "routing",
    "field": "acme",
    "footprint": "$.route.version",
    "value": {"route": {"version": "42", "to": "green"}},
    "channel": "routing",
    "message": "acme",
    "timeout_seconds": 20,
    "max_attempts": 3,
}


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool() as pool:
        yield pool


@pytest.fixture
def target(redis_client: redis.Redis) -> RedisTarget:
    return RedisTarget(redis_client, "redis://target", own_ledger=False)


def ack(pool: HttpPool, target: RedisTarget, urls: list[str], state: Any = None, **given: Any) -> Outcome:
    parameters = RedisAckParameters.model_validate({**GIVEN, **given})
    config = {"network_endpoints": [{"key": f"gw-{n}", "value": url} for n, url in enumerate(urls, 1)]}
    epoch = given.pop("epoch", 7)
    return RedisAck().run(parameters, context(config=config, http=pool, target=target, state=state, fence=token(epoch)))


@contextmanager
def subscribed(client: redis.Redis) -> Iterator[Any]:
    with client.pubsub() as listener:  # type: ignore[no-untyped-call]
        listener.subscribe("routing")
        assert listener.get_message(timeout=5)
        yield listener


def test_written_told_and_returned(pool: HttpPool, target: RedisTarget, redis_client: redis.Redis) -> None:
    def reads_redis(handler: Handler) -> None:
        handler.reply(200, str(redis_client.hget("routing", "acme") or "{}").encode())

    with subscribed(redis_client) as listener, Instances({"/": reads_redis}) as server:
        outcome = ack(pool, target, [server.url("/")] * 2)
        told = listener.get_message(timeout=5)
    assert outcome == Done({"key": "routing", "footprint": "42", "instances": 2, "receivers": 1, "polls": 1})
    assert told is not None
    assert told["data"] == "acme"


def test_write_and_publish_happen_once(pool: HttpPool, target: RedisTarget, redis_client: redis.Redis) -> None:
    with subscribed(redis_client) as listener, Instances({"/": says({"route": {"version": "41"}})}) as server:
        again = ack(pool, target, [server.url("/")])
        assert isinstance(again, PollAgain)
        assert again.note == "poll 1 of 3: 1 of 1 instances not there: MISMATCH gw-1 returned '41'"
        redis_client.delete("routing")
        assert listener.get_message(timeout=5)
        again = ack(pool, target, [server.url("/")], state=json.loads(json.dumps(again.state)))
        assert isinstance(again, PollAgain)
        assert not redis_client.exists("routing")
        # Whatever is published comes in order: after this mark nothing of the second attempt can follow.
        redis_client.publish("routing", "mark")
        assert (listener.get_message(timeout=5) or {})["data"] == "mark"
        server.answers["/"] = says({"route": {"version": 42}})
        done = ack(pool, target, [server.url("/")], state=again.state)
    assert isinstance(done, Done)
    assert done.outputs["polls"] == 3


def test_each_miss_has_its_word(pool: HttpPool, target: RedisTarget) -> None:
    answers: dict[str, Answer] = {
        "/ok": says({"route": {"version": 42}}),
        "/old": says({"route": {"version": 41}}),
        "/none": says({"route": {}}),
        "/null": says({"route": {"version": None}}),
        "/text": raw(b"<html>"),
        "/500": raw(b"boom", 500),
        "/hang": hang,
    }
    with Instances(answers) as server:
        urls = [server.url(path) for path in answers] + [f"http://127.0.0.1:{free_port()}/"]
        outcome = ack(pool, target, urls, max_attempts=1, timeout_seconds=0.5)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "RedisAckFailed"
    head, said = outcome.message.split("): ", 1)
    assert head == ("7 of 8 instances did not return $.route.version '42' in 1 polls (2 TIMEOUT, 1 MISMATCH, 4 ERROR")
    assert said.split("; ") == [
        "MISMATCH gw-2 returned '41'",
        "ERROR gw-3 has no footprint at $.route.version: $.route has no key 'version': {\"route\": {}}",
        "ERROR gw-4 has no footprint at $.route.version: it is null there: {\"route\": {\"version\": null}}",
        "ERROR gw-5 has no footprint at $.route.version: it is no JSON: <html>",
        "ERROR gw-6 answered status 500: boom",
        "TIMEOUT gw-7 unreachable (timed out after 0.5 s)",
        "TIMEOUT gw-8 unreachable (connection refused)",
    ]  # fmt: skip


def test_an_older_holder_writes_nothing(pool: HttpPool, target: RedisTarget) -> None:
    with Instances({"/": says(GIVEN["value"])}) as server:
        assert isinstance(ack(pool, target, [server.url("/")]), Done)
        config = {"network_endpoints": [{"value": server.url("/")}]}
        stale = context(config=config, http=pool, target=target, fence=token(6))
        outcome = RedisAck().run(RedisAckParameters.model_validate(GIVEN), stale)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "FencedOut"


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"value": {"route": {}}}, "value"),
        ({"value": "text"}, "value"),
        ({"value": {"route": {"version": None}}}, "value"),
        ({"footprint": "$["}, "footprint"),
        ({"key": "changeover:x"}, "key"),
        ({"max_attempts": 0}, "max_attempts"),
    ],
)
def test_bad_parameters(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RedisAckParameters.model_validate({**GIVEN, **wrong})
    assert [item["loc"] for item in caught.value.errors()] == [(place,)]


def test_a_redis_of_another_name(place: Place, redis_client: redis.Redis, pool: HttpPool, target: RedisTarget) -> None:
    other = redis.Redis.from_url(place.broker_url, decode_responses=True)
    connections = Connections({"routing": ConnectionSettings(url=SecretStr(place.broker_url))})
    write = ConfigWriteParameters.model_validate({"key": "k", "value": "v", "connection": "routing"})
    tell = BroadcastParameters.model_validate({"channel": "c", "message": "m", "connection": "routing"})
    here = context(target=target, targets=connections)
    with other:
        assert isinstance(ConfigWrite().run(write, here), Done)
        assert (other.get("k"), redis_client.get("k")) == ("v", None)
        assert Broadcast().run(tell, here) == Done({"receivers": 0})
        with Instances({"/": says(GIVEN["value"])}) as server:
            config = {"network_endpoints": [{"value": server.url("/")}]}
            both = context(config=config, http=pool, target=target, targets=connections)
            given = RedisAckParameters.model_validate({**GIVEN, "connection": "routing"})
            assert isinstance(RedisAck().run(given, both), Done)
        assert other.hexists("routing", "acme")
        assert not redis_client.exists("routing")
        assert connections["routing"] is connections["routing"]
    unknown = write.model_copy(update={"connection": "rooting"})
    assert ConfigWrite().run(unknown, here) == Failed(
        "UnknownConnection", "this worker's settings have no connection 'rooting'"
    )


def test_a_redis_that_is_away_is_ridden_out(pool: HttpPool) -> None:
    url = SecretStr(f"redis://:topsecret@127.0.0.1:{free_port()}/0")
    connections = Connections({"gone": ConnectionSettings(url=url)})
    given = RedisAckParameters.model_validate({**GIVEN, "connection": "gone"})
    outcome = RedisAck().run(given, context(http=pool, targets=connections))
    assert isinstance(outcome, PollAgain)
    assert "did not answer" in outcome.note
    assert "topsecret" not in outcome.note
