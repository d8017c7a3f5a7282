"""Fixtures shared by all rooms: one real Redis server a session, one namespace and one database pair a test."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import redis
import redis.utils
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.doors import DOOR
from tests.support.long import leave_out
from tests.support.own_environment import forget_settings
from tests.support.place import Place
from tests.support.postgres_server import PostgresServer, find_binaries
from tests.support.redis_server import DATABASES, RedisServer
from tests.support.tenant_instances import TenantInstances

# Bounds are counted, never timed: whatever else the machine does must not fail an example.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")

# What runs in the background of a script ignores it, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A contributor's shell may name an installation, or a file of settings.
forget_settings(os.environ)

_databases = itertools.cycle(range(0, DATABASES, 2))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests stay for the whole run: none of them is looked through for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what has no place in a suite with a bound."""
    leave_out(items)


@pytest.fixture(autouse=True, scope="session")
def known_release_of_redis_py() -> Iterator[None]:
    """Each connection tells the server its release, and reads that from its package's files: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis.utils, "get_lib_version", functools.cache(redis.utils.get_lib_version))
        yield


@pytest.fixture(autouse=True)
def python_hooks() -> Iterator[None]:
    """Python's own hooks are pytest's again after a test that has logs set up: it fails what nobody caught."""
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = before


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    # A read that waits for a millisecond ends within two, not a hundred: the server looks at its timeouts so often.
    # In a folder of its own: the path of a socket has its bound.
    with tempfile.TemporaryDirectory(prefix="redis-") as home:
        server = RedisServer(tmp_path_factory.mktemp("redis"), "--hz", "500", unix_socket=Path(home, "socket"))
        server.start()
        yield server
        refused = server.refused_commands()
        server.stop()
    assert not refused, f"not in orchestrator/ledger/acl.py, though something of ours uses it: {refused}"


@pytest.fixture(scope="session")
def postgres_binaries() -> Path:
    binaries = find_binaries()
    if binaries is None:
        reason = "no PostgreSQL on this machine (initdb is neither in /usr/lib/postgresql/*/bin nor on the path)"
        if os.environ.get("CI"):
            pytest.fail(reason + "; .ci/run installs it")
        pytest.skip(reason)
    return binaries


@pytest.fixture(scope="session")
def postgres_server(postgres_binaries: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(postgres_binaries)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def place(redis_server: RedisServer) -> Iterator[Place]:
    database = next(_databases)
    place = Place(redis_server.user_url(database), redis_server.user_url(database + 1))
    if DOOR == "redis":
        yield place
        return
    from structlog.testing import capture_logs

    from tests.support.console_server import ConsoleServer

    # Its log lines are none of a command's that runs in this process.
    with capture_logs(), ConsoleServer(_settings(place)) as console:
        yield replace(place, console=(console.url, console.token("admin")))


@pytest.fixture
def redis_client(place: Place) -> Iterator[redis.Redis]:
    """For the test's own looks and faults; what is tested has ``user_client``'s rights."""
    with redis.Redis.from_url(place.admin_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def user_client(place: Place) -> Iterator[redis.Redis]:
    """With the rights that Changeover has, and no others."""
    with redis.Redis.from_url(place.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def settings(place: Place) -> Settings:
    return _settings(place)


def _settings(place: Place) -> Settings:
    return Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )


@pytest.fixture
def client(settings: Settings, place: Place) -> Iterator[Client]:
    with Client.through(*place.console) if place.console else Client(settings) as client:
        yield client


@pytest.fixture
def instances(place: Place) -> Iterator[TenantInstances]:
    instances = TenantInstances(place.admin_url)
    yield instances
    instances.close()


@pytest.fixture
def cluster(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    cluster = Cluster(place, tmp_path)
    yield cluster
    cluster.end()
    if request.session.testsfailed:
        print(cluster.logs())
