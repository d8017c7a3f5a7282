"""Redis not reachable: exit code 4 within 5 seconds, the address without its password, and what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import changeover
from tests.support.long import long
from tests.support.redis_server import free_port
from tests.support.right_plan import right_plan

COMMANDS = [["submit", "plan.json"], ["status"], ["status", "p"], ["watch", "p"], ["events", "--follow"]]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "silent"),
    [
        pytest.param(arguments, silent, marks=[long] * (silent and arguments[0] not in ("submit", "watch")))
        for arguments in COMMANDS
        for silent in (False, True)
    ],
    ids=str,
)
def test_unreachable(arguments: list[str], silent: bool, silent_port: int, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(right_plan()))
    port = silent_port if silent else free_port()
    environment = {"CHANGEOVER_REDIS_URL": f"redis://someone:sesame@127.0.0.1:{port}/0"}
    result = changeover(*arguments, folder=tmp_path, environment=environment)
    assert (result.returncode, result.stdout) == (4, "")
    assert f"127.0.0.1:{port}" in result.stderr
    assert "CHANGEOVER_REDIS_URL" in result.stderr
    assert "sesame" not in result.stderr
    assert "Traceback" not in result.stderr


def test_no_server_named(tmp_path: Path) -> None:
    result = changeover("status", folder=tmp_path)
    assert (result.returncode, result.stdout) == (4, "")
    assert "changeover up" in result.stderr


def test_a_wrong_plan_is_refused_before_the_server_is_asked(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({**right_plan(), "max_concurrency": 0}))
    environment = {"CHANGEOVER_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    result = changeover("submit", "plan.json", folder=tmp_path, environment=environment)
    assert result.returncode == 2
    assert result.stderr == "error: max_concurrency: expected a whole number of at least 1 (got 0)\n"


def test_one_database_for_both_is_refused(tmp_path: Path) -> None:
    url = f"redis://:sesame@127.0.0.1:{free_port()}/0"
    environment = {"CHANGEOVER_REDIS_URL": url, "CHANGEOVER_BROKER_URL": url}
    result = changeover("status", folder=tmp_path, environment=environment)
    assert result.returncode == 2
    assert "must not share a Redis database" in result.stderr
    assert "sesame" not in result.stderr
