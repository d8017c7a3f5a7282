"""Messages are put into lanes one by one or in batches, whatever a hand has left there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from orchestrator.broker.lane_keys import push, push_all
from orchestrator.broker.messages import PUSHED

Put = Callable[[redis.Redis, list[tuple[str, str]]], None]
MESSAGES = [("lane-0", "a"), ("lane-1", "b"), ("lane-0", "c")]


def one_by_one(client: redis.Redis, messages: list[tuple[str, str]]) -> None:
    for lane, text in messages:
        push(client, "", lane, text)


def at_once(client: redis.Redis, messages: list[tuple[str, str]]) -> None:
    push_all(client, "", messages)


@pytest.mark.parametrize("put", [one_by_one, at_once])
@pytest.mark.parametrize("damage", ["nothing", "a lane", "its count", "all counts", "everything"])
def test_every_message_is_there_and_counted(redis_client: redis.Redis, put: Put, damage: str) -> None:
    if damage in ("a lane", "everything"):
        redis_client.set("lane-0", "no list")
    if damage in ("all counts", "everything"):
        redis_client.set(PUSHED, "no hash")
    if damage == "its count":
        redis_client.hset(PUSHED, "lane-0", "no number")
        redis_client.hset(PUSHED, "lane-2", 7)

    put(redis_client, MESSAGES)

    assert redis_client.lrange("lane-0", 0, -1) == ["c", "a"]
    assert redis_client.lrange("lane-1", 0, -1) == ["b"]
    put(redis_client, MESSAGES)
    assert redis_client.lrange("lane-0", 0, -1) == ["c", "a", "c", "a"]
    counts = {lane: int(number) for lane, number in redis_client.hgetall(PUSHED).items()}
    # Nothing was taken out: as many as wait there. The count of a lane that nothing was put into stays.
    assert counts.pop("lane-2", None) == (7 if damage == "its count" else None)
    assert counts == {lane: redis_client.llen(lane) for lane in ("lane-0", "lane-1")}


def test_what_is_nobodys_damage_is_raised(redis_client: redis.Redis) -> None:
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.ResponseError):
            push_all(redis_client, "", MESSAGES)
    finally:
        redis_client.config_set("maxmemory", 0)
    assert redis_client.exists("lane-0") == 0
