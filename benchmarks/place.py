"""A private Redis and real worker processes for one benchmark run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.redis_server import RedisServer


@contextmanager
def private_redis() -> Iterator[RedisServer]:
    """A server with the append-only file on, as ``changeover up`` runs it."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass(frozen=True)
class Crew:
    """Workers: how many, of what pool, with how many slots each."""

    pool: str
    workers: int
    concurrency: int


@contextmanager
def changeover_cluster(place: Place, crew: Crew, **environment: str) -> Iterator[Cluster]:
    """One coordinator and workers of the place; ``environment`` holds further settings."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(place, Path(folder), CHANGEOVER_LOG_LEVEL="WARNING", **environment)
        try:
            cluster.start(workers=crew.workers, pool=crew.pool, concurrency=crew.concurrency)
            yield cluster
        finally:
            cluster.end()


def settings_of(place: Place) -> Settings:
    """The client's settings for a place."""
    return Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
