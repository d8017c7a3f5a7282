"""A real master, replica and Sentinel, behind one address that follows the master, as a proxy of an operator's does."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import redis

from orchestrator.embedded.redis_server import find_server_binary
from tests.chaos.proxy import TcpProxy
from tests.support.redis_server import RedisServer, free_port
from tests.support.waiting import wait_until

NAME = "changeover"


class SentinelGroup:
    """Use as a context manager; ``port`` is the address that follows."""

    def __init__(self, folder: Path, command: Sequence[str] | None = None) -> None:
        """``command`` starts another server than the one that Changeover would find."""
        self._command = command or (str(find_server_binary()),)
        for name in ("one", "two", "sentinel"):
            (folder / name).mkdir()
        self.first = RedisServer(folder / "one", databases=2, command=command)
        follows = ("--replicaof", "127.0.0.1", str(self.first.port))
        self.second = RedisServer(folder / "two", *follows, databases=2, command=command)
        self._folder = folder / "sentinel"
        self._sentinel_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._proxy = TcpProxy(self.first.port)
        self._stop = threading.Event()
        self._has_moved = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follows-the-master", daemon=True)

    @property
    def port(self) -> int:
        return self._proxy.port

    def fail_over(self) -> None:
        """Kills the master; returns once the other one serves at ``port``."""
        self.first.kill()
        wait_until(self._has_moved.is_set, 40, "Sentinel did not fail over")

    def _master_port(self) -> int:
        """Whom Sentinel takes for the master."""
        with redis.Redis(port=self._sentinel_port, socket_timeout=2) as sentinel:
            found = cast(Any, sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME))
        return int(found[1])

    def __enter__(self) -> Self:
        self.first.start()
        self.second.start()
        settings = self._folder / "sentinel.conf"
        settings.write_text(
            f"port {self._sentinel_port}\nbind 127.0.0.1\ndir {self._folder}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {self.first.port} 1\n"
            f"sentinel down-after-milliseconds {NAME} 700\nsentinel failover-timeout {NAME} 4000\n"
        )
        self._process = subprocess.Popen([*self._command, str(settings), "--sentinel"], stdout=subprocess.DEVNULL)
        wait_until(self._knows_both, 30, "Sentinel does not see master and replica")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._proxy.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.second.stop()
        self.first.stop()

    def _knows_both(self) -> bool:
        try:
            with redis.Redis(port=self._sentinel_port, socket_timeout=2, decode_responses=True) as sentinel:
                replicas = cast(Any, sentinel.sentinel_slaves(NAME))
        except redis.RedisError:
            return False
        return [one["port"] for one in replicas if one["master-link-status"] == "ok"] == [self.second.port]

    def _follow(self) -> None:
        at = self.first.port
        while not self._stop.wait(0.1):
            try:
                master = self._master_port()
                if master != at:
                    with redis.Redis(port=master, socket_timeout=2) as client:
                        # Named before it has stopped to be a replica.
                        if cast(Any, client.info("replication"))["role"] != "master":
                            continue
                    at = master
                    self._proxy.point_at(master)
                    self._has_moved.set()
            except redis.RedisError:
                continue
