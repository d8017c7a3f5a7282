"""A private RabbitMQ for a test: ports of its own, own folder, one user, ended with the test."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from tests.support.redis_server import free_port
from tests.support.server_binaries import RABBIT
from tests.support.waiting import wait_until

USER, PASSWORD = "changeover", "sesame"


class RabbitServer:
    """Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._node = f"changeover-{uuid4().hex[:8]}@localhost"
        self._distribution, self._names = free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\n"
            "disk_free_limit.absolute = 50MB\n"
        )
        (folder / "enabled_plugins").write_text("[].\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.port}//".removesuffix("/")

    def start(self) -> None:
        """Returns when it serves."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [str(RABBIT)], env=self._environment(), stdout=output, stderr=output, start_new_session=True
            )
        wait_until(self._serves, 60, f"RabbitMQ does not start: see {self.folder}")

    def kill(self) -> None:
        """As a power failure does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text()
        return self._ctl("await_startup", "--timeout", "1").returncode == 0

    def _ctl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(RABBIT.with_name("rabbitmqctl")), "--node", self._node, *arguments],
            env=self._environment(), capture_output=True, timeout=60,
        )  # fmt: skip

    def messages(self) -> dict[str, int]:
        """Waiting messages by queue."""
        said = self._ctl("list_queues", "--silent", "--no-table-headers", "name", "messages").stdout.decode()
        return {name: int(count) for name, count in (line.split("\t") for line in said.splitlines() if "\t" in line)}

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            # A name server of its own, that goes with it.
            "ERL_EPMD_PORT": str(self._names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.kill()
        wait_until(self._names_end, 20, "the name server of Erlang does not end")

    def _names_end(self) -> bool:
        # It refuses while it still takes the node for alive.
        said = subprocess.run(["epmd", "-port", str(self._names), "-kill"], capture_output=True, text=True)
        return "Killed" in said.stdout or "Cannot connect" in said.stdout + said.stderr
