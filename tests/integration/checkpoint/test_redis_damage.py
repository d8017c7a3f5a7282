"""Checkpoints in Redis, with a hand in the data or a server that refuses."""

from __future__ import annotations

import pytest
import redis

from checkpoint import Checkpoint, CheckpointDamaged, CheckpointStoreUnavailable, Kept, RedisCheckpointStore


@pytest.mark.parametrize("text", ["", "{no json", "[1]", '{"epoch": "x"}'])
def test_what_is_damaged_is_told_and_saved_over(redis_client: redis.Redis, text: str) -> None:
    store = RedisCheckpointStore(redis_client, "kept:{}".format)
    redis_client.set("kept:p.1", text)
    with pytest.raises(CheckpointDamaged):
        store.load("p.1")
    assert store.kept() == [Kept("p.1", 0)]
    again = Checkpoint("p.1", 2, 1, "RUNNING", 1, "say")
    assert store.save(again)
    assert store.load("p.1") == again
    redis_client.set("kept:p.1", text)
    store.delete("p.1", 0)
    assert store.kept() == []


def test_a_right_that_is_missing_is_a_store_that_is_away(redis_client: redis.Redis) -> None:
    redis_client.execute_command("ACL", "SETUSER", "no-mget", "on", "nopass", "~*", "+@all", "-mget")  # type: ignore[no-untyped-call]
    known = redis_client.connection_pool.connection_kwargs
    pool = redis.ConnectionPool(**{**known, "username": "no-mget", "password": "x"})
    with redis.Redis(connection_pool=pool) as refused, pytest.raises(CheckpointStoreUnavailable):
        RedisCheckpointStore(refused, "kept:{}".format).load("p.1")
    redis_client.execute_command("ACL", "DELUSER", "no-mget")  # type: ignore[no-untyped-call]
