"""The private Redis of ``changeover up``: who gets in, what they may do, and how it comes back with much data or a
damaged file."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from orchestrator.embedded import redis_start
from orchestrator.embedded.console import Console
from orchestrator.embedded.leftovers import end_leftovers
from orchestrator.embedded.ports import choose_port, hold_free_port, port_of
from orchestrator.embedded.redis_server import find_server_binary, prepare_home, server_command
from orchestrator.embedded.signal_inbox import SignalInbox
from orchestrator.embedded.supervisor import Supervisor
from tests.support.cli import changeover
from tests.support.long import long
from tests.support.up_process import UpProcess
from tests.support.waiting import wait_until

StartUp = Callable[..., UpProcess]
SET = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
LAST = b"*3\r\n$3\r\nSET\r\n$4\r\nlast\r\n$3\r\nyes\r\n"

FORBIDDEN = (
    *("CONFIG SET dir /tmp", "CONFIG REWRITE", "MODULE LIST", "DEBUG SLEEP 0", "REPLICAOF NO ONE", "SLAVEOF NO ONE"),
    *(
        "SAVE",
        "BGSAVE",
        "BGREWRITEAOF",
        "SHUTDOWN",
        "KEYS *",
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "ACL LIST",
        "SORT k",
    ),
    *("CLIENT LIST", "MONITOR", "MIGRATE h 1 k 0 1", "SCRIPT FLUSH", "SCRIPT KILL", "LATENCY DOCTOR"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder's" / ".changeover"


@pytest.fixture
def start_up(folder: Path) -> Iterator[StartUp]:
    started: list[UpProcess] = []

    def start(**options: object) -> UpProcess:
        folder.parent.mkdir(exist_ok=True)
        started.append(UpProcess(folder, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for up in started:
        up.end()
    end_leftovers(folder)


def write_log(folder: Path, content: bytes) -> None:
    """As Redis 6 leaves it, which later ones take over."""
    (folder / "redis").mkdir(parents=True)
    (folder / "redis" / "appendonly.aof").write_bytes(content)


def test_only_who_knows_the_password_gets_in_and_nobody_beyond_the_data(start_up: StartUp) -> None:
    up = start_up(workers=1).ready()
    url = urlsplit(up.run_file()["redisUrl"])
    for wrong in (f"redis://127.0.0.1:{url.port}/0", f"redis://{url.username}:guess@127.0.0.1:{url.port}/0"):
        with redis.Redis.from_url(wrong) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    with up.client() as client:
        assert client.set("tenant_config:acme", "{}")
        for command in FORBIDDEN:
            # DEBUG is refused to everybody since Redis 7, before it is asked who it is.
            with pytest.raises(redis.ResponseError, match=r"no permissions|DEBUG command not allowed"):
                client.execute_command(*command.split())


@long
def test_a_stranger_who_reads_no_answers_is_cut_off(tmp_path: Path) -> None:
    port = choose_port()
    prepare_home(tmp_path / "redis", port, "sesame")
    command = server_command(find_server_binary())
    with subprocess.Popen(command, cwd=tmp_path / "redis", stdin=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: answers(port))
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.settimeout(90)
                with pytest.raises(ConnectionError):
                    ask_without_end(stranger)
        finally:
            server.kill()


def ask_without_end(stranger: socket.socket) -> None:
    while True:
        stranger.sendall(b"PING\r\n" * 10_000)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"PING\r\n")
        return one.recv(100).startswith(b"-NOAUTH")
    return False


def test_the_password_is_in_run_json_alone(start_up: StartUp, folder: Path) -> None:
    up = start_up(workers=1).ready()
    url = up.run_file()["redisUrl"]
    password = str(urlsplit(url).password)
    assert len(password) >= 40
    for pid in [up.process.pid, *up.all_pids()]:
        assert password not in Path(f"/proc/{pid}/cmdline").read_text()
    shown = changeover("config", "--json", environment={"CHANGEOVER_DATA_DIR": str(folder)})
    assert "127.0.0.1" in shown.stdout
    assert password not in shown.stdout + shown.stderr
    with up.client() as client:
        client.set("k", "v")
    up.stop()
    assert password not in up.said() + up.errors.read_text()
    for path in folder.rglob("*"):
        assert path.is_dir() or password.encode() not in path.read_bytes(), path
    # Nothing of it outlives this run: the next one draws its own.
    assert start_up(workers=1).ready().run_file()["redisUrl"] != url


def test_files_are_the_owners_alone_and_planted_links_are_not_followed(start_up: StartUp, folder: Path) -> None:
    victim = folder.parent / "victim"
    (folder / "redis").mkdir(parents=True, mode=0o700)
    victim.write_text("precious")
    for name in ("run.json.new", "run.json", "redis/redis.conf.new", "redis/redis.conf"):
        (folder / name).symlink_to(victim)
    up = start_up(workers=1).ready()
    assert victim.read_text() == "precious"
    for name in ("run.json", "redis/redis.conf", "up.lock"):
        found = (folder / name).lstat()
        assert (found.st_mode & 0o7777, found.st_uid) == (0o100600 & 0o7777, os.geteuid()), name
    up.stop()


@pytest.mark.parametrize("planted", ["up.lock", "redis", ""])
def test_a_folder_that_others_may_have_prepared_is_refused(start_up: StartUp, folder: Path, planted: str) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(parents=True)
    if planted:
        folder.mkdir()
        (folder / planted).symlink_to(elsewhere)
    else:
        folder.symlink_to(elsewhere)
    up = start_up()
    assert up.process.wait(60) in (2, 4)
    assert len(up.errors.read_text().splitlines()) == 1
    assert list(elsewhere.iterdir()) == []


def test_it_starts_again_on_a_large_file_and_says_how_far_it_is(start_up: StartUp, folder: Path) -> None:
    count = 50 * 1024 * 1024 // len(SET)
    write_log(folder, b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" + SET * count + LAST)
    up = start_up(workers=1).ready()
    assert re.search(r"Redis is loading its data: \d+ % of 50\.0 MB", up.said())
    with up.client() as client:
        assert client.get("last") == "yes"


def test_a_file_cut_within_a_write_is_taken_up_to_there(start_up: StartUp, folder: Path) -> None:
    write_log(folder, LAST + SET[:-4])
    up = start_up(workers=1).ready()
    assert "ended within a write" in up.said()
    with up.client() as client:
        assert (client.get("last"), client.get("k")) == ("yes", None)


def test_a_damaged_file_is_named_with_the_command_that_mends_it(start_up: StartUp, folder: Path) -> None:
    write_log(folder, LAST + b"\x00rubbish\r\n" + SET * 100)
    up = start_up(workers=1)
    assert up.process.wait(60) == 4
    (line,) = up.errors.read_text().splitlines()
    # Redis 7 has moved it into a folder of its own.
    (file,) = folder.rglob("appendonly.aof")
    assert str(file) in line
    command = line.rpartition("is lost): ")[2]
    assert "redis-check-aof" in command
    # The command is one that can be pasted.
    mended = subprocess.run(["bash", "-c", command], input="y\n", capture_output=True, text=True, check=False)
    assert "Successfully truncated AOF" in mended.stdout, mended
    with start_up(workers=1).ready().client() as client:
        assert client.get("last") == "yes"


def test_a_port_that_somebody_takes_first_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis takes its port itself, some time after it was found free."""
    offered: list[int] = []
    with hold_free_port() as taken, SignalInbox() as inbox:

        def choose() -> int:
            offered.append(choose_port() if offered else port_of(taken))
            return offered[-1]

        monkeypatch.setattr(redis_start, "choose_port", choose)
        said = io.StringIO()
        supervisor = Supervisor(inbox, Console(said), lambda: None, time.monotonic, 60.0)
        try:
            url = redis_start.start_redis(supervisor, Console(said), tmp_path, None, os.environ)
            assert (len(offered), urlsplit(url).port) == (2, offered[1])
            with redis.Redis.from_url(url) as client:
                assert client.ping()
            assert len(supervisor.pids()["redis"]) == 1
        finally:
            supervisor.stop(10)
