"""Fixtures shared by all rooms: one real Redis server a session, one namespace and one database pair a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import redis

from tests.support.redis_server import RedisServer

_databases = itertools.cycle(range(0, 512, 2))


@dataclass(frozen=True)
class Place:
    """Where one test keeps its state: nothing else uses this namespace or these two databases."""

    namespace: str
    redis_url: str
    broker_url: str

    def environment(self) -> dict[str, str]:
        return {
            "CHANGEOVER_NAMESPACE": self.namespace,
            "CHANGEOVER_REDIS_URL": self.redis_url,
            "CHANGEOVER_BROKER_URL": self.broker_url,
        }


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def place(redis_server: RedisServer) -> Place:
    database = next(_databases)
    return Place(f"test-{uuid4().hex[:12]}", redis_server.url(database), redis_server.url(database + 1))


@pytest.fixture
def redis_client(place: Place) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(place.redis_url, decode_responses=True) as client:
        yield client
