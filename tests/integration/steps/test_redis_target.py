"""The fence, on a real server."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from steps import FenceToken, RedisTarget, TargetRefused, TargetUnavailable, WrongType, fence_key
from tests.support.place import Place
from tests.support.redis_server import RedisServer, free_port
from tests.support.step_context import token

KEY = "tenant_config:acme"
FENCE = "changeover:fence:{tenant_config:acme}"


@pytest.fixture
def target(redis_client: redis.Redis) -> RedisTarget:
    """A target that is not the ledger's Redis."""
    return RedisTarget(redis_client, "redis://target", own_ledger=False)


@pytest.fixture
def own(redis_client: redis.Redis) -> RedisTarget:
    """A target on the ledger's own Redis, where epoch 7 holds the tenant."""
    redis_client.hset("ledger:tenants", "acme", "7")
    return RedisTarget(redis_client, "redis://target", own_ledger=True)


def state(client: redis.Redis) -> dict[str, object]:
    """All that the database holds, with the time to live where there is one."""
    found: dict[str, object] = {}
    for key in client.scan_iter():
        value = client.get(key) if client.type(key) == "string" else client.hgetall(key)
        found[key] = value if client.ttl(key) == -1 else (value, client.ttl(key))
    return found


def test_set_leaves_the_value_and_the_fence(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(7), KEY, None, "blue", None)
    assert state(redis_client) == {KEY: "blue", FENCE: {"incarnation": "first", "epoch": "7", "writer": "7 acme"}}


def test_hset_leaves_other_fields(target: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.hset(KEY, "other", "stays")
    assert target.write(token(7), KEY, "gateway", "grün", None)
    assert state(redis_client) == {
        KEY: {"other": "stays", "gateway": "grün"},
        FENCE: {"incarnation": "first", "epoch": "7", "writer": "7 acme"},
    }


def test_the_same_write_again_changes_nothing(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(7), KEY, "gateway", "green", None)
    before = state(redis_client)
    assert target.write(token(7), KEY, "gateway", "green", None)
    assert state(redis_client) == before


def test_an_older_epoch_is_refused_after_a_newer(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(9), KEY, None, "new", None)
    before = state(redis_client)
    assert not target.write(token(8), KEY, None, "old", 60)
    assert not target.write(token(8), KEY, "field", "old", 60)
    assert state(redis_client) == before


def test_who_is_refused_is_told_who_has_written(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(9), KEY, None, "new", None)
    same = target.write(token(8), KEY, None, "old", None)
    assert "a newer holder of tenant 'acme' (epoch 9; this is epoch 8) has written" in same.reason
    other = target.write(token(8, tenant_id="birch"), KEY, None, "old", None)
    assert "tenant 'acme' (epoch 9) has written this key since" in other.reason
    # A worker of before the fence knew tenants moved it on: who it was is not known then, and not guessed.
    redis_client.hset(FENCE, "epoch", "11")
    unknown = target.write(token(10), KEY, None, "old", None)
    assert "a newer holder (epoch 11; this is epoch 10) has written" in unknown.reason
    redis_client.hdel(FENCE, "writer")
    assert target.write(token(12), KEY, None, "new", None)
    assert redis_client.hget(FENCE, "writer") == "12 acme"


def test_a_holder_that_holds_no_more_is_told_so(own: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.hset("ledger:tenants", "acme", "8")
    assert own.write(token(7), KEY, None, "late", None).reason == "epoch 7 no longer holds tenant 'acme'"


def test_epochs_are_compared_as_numbers(target: RedisTarget) -> None:
    assert target.write(token(9), KEY, None, "a", None)
    assert target.write(token(10), KEY, None, "b", None)
    assert not target.write(token(9), KEY, None, "c", None)


def test_each_key_has_its_own_fence(target: RedisTarget) -> None:
    assert target.write(token(9), KEY, None, "new", None)
    assert target.write(token(8), "tenant_config:other", None, "old", None)


def test_another_incarnation_replaces_the_fence(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(900, "first"), KEY, None, "before", None)
    assert target.write(token(1, "second"), KEY, None, "after", None)
    assert state(redis_client) == {KEY: "after", FENCE: {"incarnation": "second", "epoch": "1", "writer": "1 acme"}}
    assert target.write(token(2, "second"), KEY, None, "after", None)
    assert not target.write(token(1, "second"), KEY, None, "late", None)


def test_on_the_own_ledger_only_the_holder_writes(own: RedisTarget, redis_client: redis.Redis) -> None:
    assert own.write(token(7), KEY, None, "mine", None)
    redis_client.hset("ledger:tenants", "acme", "8")
    before = state(redis_client)
    assert not own.write(token(7), KEY, None, "late", None)
    assert state(redis_client) == before


def test_on_the_own_ledger_nobody_holds_a_free_tenant(own: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.hdel("ledger:tenants", "acme")
    assert not own.write(token(7), KEY, None, "late", None)
    assert state(redis_client) == {}


def test_elsewhere_the_ledgers_record_is_not_asked_for(target: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.hset("ledger:tenants", "acme", "8")
    assert target.write(token(7), KEY, None, "mine", None)


@pytest.mark.parametrize("field", [None, "gateway"])
def test_life_of_the_whole_key_and_none_of_the_fence(
    target: RedisTarget, redis_client: redis.Redis, field: str | None
) -> None:
    assert target.write(token(7), KEY, field, "green", 500)
    assert 490 < redis_client.ttl(KEY) <= 500
    assert redis_client.ttl(FENCE) == -1


def test_a_plain_key_without_life_lives_for_ever_a_hash_keeps_its_life(
    target: RedisTarget, redis_client: redis.Redis
) -> None:
    assert target.write(token(7), "plain", None, "a", 500)
    assert target.write(token(7), "plain", None, "b", None)
    assert redis_client.ttl("plain") == -1
    assert target.write(token(7), "hash", "f", "a", 500)
    assert target.write(token(7), "hash", "f", "b", None)
    assert redis_client.ttl("hash") > 0


def test_wrong_type_is_named_and_left_alone(target: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.set("plain", "text")
    redis_client.hset("hash", "a", "1")
    before = state(redis_client)
    with pytest.raises(WrongType, match="key 'plain' on redis://target holds another type of value than a hash"):
        target.write(token(7), "plain", "field", "v", None)
    with pytest.raises(WrongType, match="key 'hash' on redis://target holds another type of value than a plain string"):
        target.write(token(7), "hash", None, "v", None)
    assert state(redis_client) == before


def test_a_spoilt_fence_is_a_refusal(target: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.set(FENCE, "not a hash")
    with pytest.raises(TargetRefused, match="WRONGTYPE"):
        target.write(token(7), KEY, None, "v", None)
    assert redis_client.get(KEY) is None


def test_after_script_flush(target: RedisTarget, redis_client: redis.Redis) -> None:
    assert target.write(token(7), KEY, None, "a", None)
    redis_client.script_flush()
    assert target.write(token(7), KEY, None, "b", None)


@pytest.mark.parametrize("key", ["{}", "a}b", "a{b}c", "{a", "ü", "with space"])
def test_odd_keys(target: RedisTarget, redis_client: redis.Redis, key: str) -> None:
    assert target.write(token(9), key, None, "v", None)
    assert not target.write(token(8), key, None, "old", None)
    assert sorted(redis_client.scan_iter()) == sorted([key, fence_key(key)])


def test_works_over_a_client_that_does_not_decode(place: Place) -> None:
    with redis.Redis.from_url(place.redis_url) as client:
        target = RedisTarget(client, "redis://target", own_ledger=False)
        assert target.write(token(9), KEY, None, "ü", None)
        assert not target.write(token(8), KEY, None, "ü", None)


def test_publish_counts_the_subscribers(target: RedisTarget, redis_client: redis.Redis, place: Place) -> None:
    # Channels know no databases: the namespace keeps tests apart.
    channel = place.namespace
    assert target.publish(channel, "nobody") == 0
    with redis_client.pubsub() as subscriber:  # type: ignore[no-untyped-call]
        subscriber.subscribe(channel)
        assert (subscriber.get_message(timeout=5) or {})["type"] == "subscribe"
        assert target.publish(channel, '{"a":"ü"}') == 1
        assert (subscriber.get_message(timeout=5) or {})["data"] == '{"a":"ü"}'


@pytest.fixture
def away() -> Iterator[RedisTarget]:
    port = free_port()
    with redis.Redis(port=port, password="hunter2", retry=Retry(NoBackoff(), 0)) as client:
        yield RedisTarget(client, f"redis://user:hunter2@127.0.0.1:{port}/0?password=hunter2", own_ledger=False)


@pytest.mark.parametrize("act", ["write", "publish"])
def test_a_server_that_is_away_is_named_without_its_password(away: RedisTarget, act: str) -> None:
    with pytest.raises(TargetUnavailable, match=r"redis://127\.0\.0\.1:\d+/0 did not answer") as caught:
        away.publish("c", "m") if act == "publish" else away.write(token(), KEY, None, "v", None)
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value.__cause__, redis.exceptions.ConnectionError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("password", "message"),
    [("pw", r"(?i)no permissions.*: its user needs channel 'c'"), ("wrong", "refused to let us in")],
)
def test_a_user_without_the_right_is_refused_not_unavailable(
    redis_client: redis.Redis, place: Place, password: str, message: str
) -> None:
    redis_client.acl_setuser(
        place.namespace, enabled=True, passwords=["+pw"], categories=["+@all"], commands=["-publish"]
    )
    # What the URL says goes before arguments, and the place's own names its user.
    server = place.redis_url.rpartition("@")[2].removeprefix("redis://")
    with redis.Redis.from_url(f"redis://{place.namespace}:{password}@{server}") as client:
        target = RedisTarget(client, "redis://target", own_ledger=False)
        with pytest.raises(TargetRefused, match=message):
            target.publish("c", "m")
    redis_client.acl_deluser(place.namespace)


def test_a_full_server_and_a_replica_are_unavailable_for_now(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RedisServer(tmp_path_factory.mktemp("full"))
    server.start()
    try:
        with redis.Redis.from_url(server.url()) as client:
            target = RedisTarget(client, "redis://target", own_ledger=False)
            client.config_set("maxmemory", "1")
            with pytest.raises(TargetUnavailable, match="cannot serve now"):
                target.write(token(), KEY, None, "v", None)
            client.config_set("maxmemory", "0")
            client.replicaof("127.0.0.1", str(free_port()))
            with pytest.raises(TargetUnavailable, match=r"READONLY|read only replica"):
                target.write(token(), KEY, None, "v", None)
            client.replicaof("no", "one")
            assert target.write(token(), KEY, None, "v", None)
    finally:
        server.stop()


def test_the_holder_value_is_compared_as_it_is(own: RedisTarget, redis_client: redis.Redis) -> None:
    redis_client.hset("ledger:tenants", "acme", "task-1|7")
    assert own.write(FenceToken("first", 7, "ledger:tenants", "acme", "task-1|7"), KEY, None, "v", None)
    assert not own.write(FenceToken("first", 7, "ledger:tenants", "acme", "task-2|7"), KEY, None, "v", None)


def test_reserved_names_are_refused_whoever_asks(target: RedisTarget, redis_client: redis.Redis) -> None:
    with pytest.raises(TargetRefused, match="kept for Celery"):
        target.publish("changeover-x:/1.celery.pidbox", "{}")
    with pytest.raises(TargetRefused, match="kept for Changeover"):
        target.write(token(7), "changeover:default:lane-0", None, "{}", None)
    assert state(redis_client) == {}
