"""A private Redis server for a test session: free port, own folder, append-only file on, ended with the session."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError
from redis.retry import Retry

from orchestrator.embedded.redis_server import find_server_binary
from orchestrator.ledger.acl import USER, rules
from tests.support.waiting import wait_until

DATABASES = 8192
"""Two for each test of a session: a database that an earlier test used would hold its keys."""


USER_PASSWORD = "sesame"


CLUSTER_BUS = 10000
"""A node of a Redis Cluster listens on its port plus this as well; a port so high that there is none, it refuses."""


def free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port + CLUSTER_BUS < 65536:
            return port


class RedisServer:
    """Start, kill and restart one real server on one port with one data folder."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        databases: int = DATABASES,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        unix_socket: Path | None = None,
    ) -> None:
        """``environment`` is added to the server's: that of a ``SteppedClock``; ``command`` starts another server than
        the one that Changeover would find; ``unix_socket``: where it listens too, a path of 107 bytes at most."""
        self.command = command or (str(find_server_binary()),)
        self.folder = folder
        self.environment = os.environ | (environment or {})
        self.port = free_port()
        # What Changeover's own processes run as: a command that is missing in the documented list fails here.
        least = ("--user", USER, "on", f">{USER_PASSWORD}", *rules())
        self.socket = unix_socket
        at = ("--unixsocket", str(unix_socket)) if unix_socket else ()
        self.options = ("--databases", str(databases), *least, *at, *options)
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        """For the test itself: everything is allowed."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def user_url(self, database: int = 0, port: int | None = None) -> str:
        """For Changeover: the user with the least rights; ``port`` when it is reached through another."""
        return f"redis://{USER}:{USER_PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def over_socket(self, url: str) -> str:
        """The same user and database of it, reached by its Unix socket."""
        parts = urlsplit(url)
        return f"unix://{parts.netloc.rpartition('@')[0]}@{self.socket}?db={parts.path[1:]}"

    def start(self, *, wait: bool = True) -> None:
        """``wait``: until it serves."""
        self.process = subprocess.Popen(
            [
                *self.command,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--appendonly", "yes", "--save", "", "--daemonize", "no", *self.options),
            ],
            stdout=subprocess.DEVNULL,
            env=self.environment,
        )
        if not wait:
            return
        retry = Retry(ConstantBackoff(0.05), 200, supported_errors=(ConnectionError, TimeoutError, BusyLoadingError))
        with redis.Redis(port=self.port, retry=retry) as client:
            client.ping()

    def takes_options(self) -> bool:
        """Whether it starts with them: one that was built without TLS ends at once."""
        with tempfile.TemporaryDirectory() as folder:
            where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder)
            process = subprocess.Popen([*self.command, *where, *self.options], stdout=subprocess.DEVNULL)
            wait_until(lambda: process.poll() is not None or self._listens())
            process.kill()
            return process.wait() == -signal.SIGKILL

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def refused_commands(self) -> set[str]:
        """Commands that Changeover's user was refused; CLIENT is redis-py's own, which shrugs at the refusal."""
        with redis.Redis.from_url(self.url(), decode_responses=True) as client:
            entries = cast(list[dict[str, str]], client.acl_log(128))
        found = {entry["object"] for entry in entries if (entry["username"], entry["reason"]) == (USER, "command")}
        return {command for command in found if command.partition("|")[0] != "client"}

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    stop = kill
