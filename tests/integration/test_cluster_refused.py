"""A node of a Redis Cluster is no place for state or broker: said at start, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.support.cli import changeover
from tests.support.place import Place
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("node"), "--cluster-enabled", "yes", databases=1)
    server.start()
    with redis.Redis.from_url(server.url()) as client:
        client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        (("coordinator",), "CHANGEOVER_REDIS_URL"),
        (("worker", "--pool", "solo"), "CHANGEOVER_BROKER_URL"),
        (("up", "--workers", "1"), "CHANGEOVER_REDIS_URL"),
    ],
)
def test_every_process_says_so(
    node: RedisServer, place: Place, tmp_path: Path, command: tuple[str, ...], variable: str
) -> None:
    environment = place.environment() | {variable: node.user_url(), "CHANGEOVER_DATA_DIR": str(tmp_path)}
    done = changeover(*command, environment=environment)
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error: {variable}: ")
    assert "a node of a Redis Cluster: give a server without cluster mode" in errors[0]
    assert "sesame" not in done.stderr
    with redis.Redis.from_url(node.url()) as client:
        assert client.dbsize() == 0
