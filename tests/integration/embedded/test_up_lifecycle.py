"""``changeover up`` with a real Redis and stand-in children: start, run.json, stop, one owner a folder."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from orchestrator.embedded.leftovers import end_leftovers
from orchestrator.embedded.ports import choose_port
from orchestrator.embedded.redis_server import find_server_binary, prepare_home, server_command
from tests.support.long import long, mostly_long
from tests.support.place import Place
from tests.support.up_process import UpProcess, alive
from tests.support.waiting import wait_until

StartUp = Callable[..., UpProcess]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "with a space" / ".changeover"


@pytest.fixture
def start_up(folder: Path) -> Iterator[StartUp]:
    started: list[UpProcess] = []

    def start(mode: str = "good", **options: object) -> UpProcess:
        folder.parent.mkdir(exist_ok=True)
        started.append(UpProcess(folder, mode, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for up in started:
        up.end()
    end_leftovers(folder)


def test_ready_comes_once_with_run_json_naming_servers_and_pids(start_up: StartUp) -> None:
    up = start_up(workers=3).ready()
    run = up.run_file()
    assert {role: len(pids) for role, pids in run["pids"].items()} == {"redis": 1, "coordinator": 1, "worker": 3}
    assert all(alive(pid) for pid in up.all_pids())
    assert run["redisUrl"] != run["brokerUrl"]
    assert len(up.ready_lines()) == 1
    with up.client() as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


@pytest.mark.parametrize("number", mostly_long([signal.SIGTERM, signal.SIGINT], signal.SIGTERM))
def test_a_stop_leaves_nothing_behind(start_up: StartUp, number: signal.Signals) -> None:
    up = start_up().ready()
    pids = up.all_pids()
    assert up.stop(number) == 0
    assert [pid for pid in pids if alive(pid)] == []
    assert not (up.folder / "run.json").exists()
    assert up.said().splitlines()[-1] == "stopped"


def test_a_stop_goes_from_coordinator_over_workers_to_redis(start_up: StartUp) -> None:
    up = start_up(workers=1).ready()
    up.stop()
    again = start_up(workers=1).ready()
    with again.client() as client:
        # The state outlives a restart, and Redis was still there when the last of the others ended.
        history = client.lrange("stand-in:ended-or-started", 0, -1)
    assert history[2:4] == ["coordinator ended", "worker ended"]


def test_a_stop_during_start_up(start_up: StartUp) -> None:
    up = start_up("flood")
    wait_until((up.folder / "up.lock").exists)
    assert up.stop() == 0
    assert not (up.folder / "run.json").exists()


@long
def test_what_ignores_the_stop_is_killed_with_its_offspring(start_up: StartUp) -> None:
    up = start_up("stubborn", workers=1, stop_seconds=1.5).ready()
    with up.client() as client:
        offspring = {int(pid) for pid in client.smembers("stand-in:offspring")}
    pids = up.all_pids() | offspring
    assert len(offspring) == 2
    assert up.stop(seconds=6) == 0
    wait_until(lambda: not any(alive(pid) for pid in pids), 5, "something was left behind")
    assert "worker1" in up.said()
    assert "killed" in up.said()


def test_a_second_ctrl_c_does_not_wait(start_up: StartUp) -> None:
    up = start_up("stubborn", workers=1, stop_seconds=60.0).ready()
    pids = up.all_pids()
    up.process.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in up.said())
    assert up.stop(signal.SIGINT, seconds=10) == 0
    assert [pid for pid in pids if alive(pid)] == []


def test_a_second_up_in_the_folder_names_the_first_and_exits_2(start_up: StartUp) -> None:
    first = start_up().ready()
    second = start_up()
    assert second.process.wait(60) == 2
    assert f"pid {first.process.pid}" in second.errors.read_text()
    assert all(alive(pid) for pid in first.all_pids())


def test_children_do_not_outlive_a_killed_up(start_up: StartUp) -> None:
    up = start_up("stubborn", workers=1).ready()
    with up.client() as client:
        offspring = {int(pid) for pid in client.smembers("stand-in:offspring")}
    pids = up.all_pids()
    up.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in pids), 5, "a child outlived its killed parent")
    # What its children had started is found by the next one.
    again = start_up(workers=1).ready()
    assert [pid for pid in offspring if alive(pid)] == []
    assert "left behind" in again.said()


def test_a_redis_left_behind_does_not_share_the_data_with_a_new_one(start_up: StartUp, folder: Path) -> None:
    prepare_home(folder / "redis", choose_port(), "sesame")
    command = server_command(find_server_binary())
    with subprocess.Popen(command, cwd=folder / "redis", stdin=subprocess.DEVNULL) as left:
        try:
            # In a folder of its own since Redis 7.
            wait_until(lambda: any((folder / "redis").rglob("appendonly.aof*")))
            up = start_up().ready()
            assert left.wait(5) == -signal.SIGKILL
        finally:
            left.kill()
    assert f"killed pid {left.pid}" in up.said()


def test_a_flood_of_output_blocks_nothing(start_up: StartUp) -> None:
    up = start_up("flood", workers=1).ready()
    wait_until(lambda: up.errors.stat().st_size > 1_000_000)
    assert up.stop(seconds=10) == 0


@pytest.mark.parametrize("option", ["redis_port", "flower_port", "metrics_port"])
def test_a_taken_port_is_named(start_up: StartUp, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start_up(**{option: port})
        assert up.process.wait(60) == 4
    assert str(port) in up.errors.read_text()
    assert "Traceback" not in up.errors.read_text()


def test_a_folder_that_cannot_be_used(start_up: StartUp, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("not a folder")
    up = start_up()
    assert up.process.wait(60) == 2
    assert "--data-dir" in up.errors.read_text()
    assert "Traceback" not in up.errors.read_text()


def test_a_redis_that_ends_at_once_is_reported_with_its_last_words(start_up: StartUp, folder: Path) -> None:
    (folder / "redis").mkdir(parents=True)
    (folder / "redis" / "appendonly.aof").write_bytes(b"this is no append-only file\r\n" * 3)
    up = start_up()
    assert up.process.wait(60) == 4
    assert "append only file" in up.errors.read_text()


def test_a_server_of_the_users_own_is_used_and_left_alone(
    start_up: StartUp, place: Place, redis_client: redis.Redis
) -> None:
    up = start_up(environment=place.environment()).ready()
    assert up.run_file()["redisUrl"] == place.redis_url
    assert up.run_file()["brokerUrl"] == place.broker_url
    assert up.pids()["redis"] == []
    assert up.stop() == 0
    assert redis_client.ping()


def test_one_database_for_state_and_broker_is_refused(start_up: StartUp, place: Place) -> None:
    up = start_up(environment={"CHANGEOVER_REDIS_URL": place.redis_url, "CHANGEOVER_BROKER_URL": place.redis_url})
    assert up.process.wait(60) == 2
    assert "CHANGEOVER_BROKER_URL" in up.errors.read_text()


@pytest.mark.parametrize(
    ("url", "code"),
    [("redis://127.0.0.1:1/0", 4), pytest.param("redis://127.0.0.1:port/0", 2, marks=long), ("nonsense", 2)],
)
def test_a_server_that_cannot_be_reached(start_up: StartUp, url: str, code: int) -> None:
    up = start_up(environment={"CHANGEOVER_REDIS_URL": url})
    assert up.process.wait(60) == code
    assert "CHANGEOVER_REDIS_URL" in up.errors.read_text()
    assert "Traceback" not in up.errors.read_text()
