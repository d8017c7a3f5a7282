"""A private Redis and real worker processes for one benchmark run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def changeover_cluster(place: Place, workers: int, concurrency: int, **environment: str) -> Iterator[Cluster]:
    """One coordinator and workers of the place; ``environment`` holds further settings."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(place, Path(folder), CHANGEOVER_LOG_LEVEL="WARNING", **environment)
        try:
            cluster.start(workers=workers, concurrency=concurrency)
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def plain_workers(place: Place, workers: int, concurrency: int) -> Iterator[list[int]]:
    """Celery workers of the yardstick on the place's broker; gives their pids."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.plain_app", "worker", "--loglevel", "WARNING"]
    command += ["--pool", "threads", "--concurrency", str(concurrency), "-Q", "lane-0"]
    processes = [
        subprocess.Popen(
            [*command, "-n", f"plain{index}@{place.namespace}"],
            env=os.environ | place.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for index in range(workers)
    ]
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def settings_of(place: Place) -> Settings:
    """The client's settings for a place."""
    return Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
