"""A node of a Redis Cluster is no place for state or broker: said at start, before anything is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import redis

from orchestrator.ledger.server_state import require_one_server
from tests.support.cli import changeover
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.redis_server import RedisServer

COMMANDS = COORDINATOR, WORKER, UP = ("coordinator",), ("worker", "--pool", "solo"), ("up", "--workers", "1")
VARIABLES = STATE, BROKER = "CHANGEOVER_REDIS_URL", "CHANGEOVER_BROKER_URL"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("node"), "--cluster-enabled", "yes", databases=1)
    server.start()
    with redis.Redis.from_url(server.url()) as client:
        client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
    yield server
    server.stop()


@pytest.mark.parametrize("process", mostly_long(product(COMMANDS, VARIABLES), (WORKER, STATE), (UP, BROKER)))
def test_every_process_says_so(
    node: RedisServer, place: Place, tmp_path: Path, process: tuple[tuple[str, ...], str]
) -> None:
    command, variable = process
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


def test_the_doctor_says_so(node: RedisServer, place: Place) -> None:
    done = changeover("doctor", "--json", environment=place.environment() | {"CHANGEOVER_BROKER_URL": node.user_url()})
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "broker server"]
    assert not check["good"]
    assert "a node of a Redis Cluster; give a server without cluster mode" in check["finding"]


def test_a_server_that_is_away_or_alone_is_not_called_a_cluster(place: Place) -> None:
    require_one_server("redis://127.0.0.1:1/0", "X")
    require_one_server(place.redis_url, "X")
