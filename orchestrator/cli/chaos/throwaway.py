"""A ``changeover up`` in a folder of its own, with short leases: what faults may be done to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from orchestrator.settings.model import Settings
from orchestrator.settings.servers import RUN_FILE

LEASE_SECONDS: Final = 2.0
_SHORT: Final = {
    "CHANGEOVER_LEASE_SECONDS": str(LEASE_SECONDS),
    "CHANGEOVER_RENEW_SECONDS": "0.5",
    "CHANGEOVER_SWEEP_SECONDS": "0.4",
    # However often a task is hit, it goes on.
    "CHANGEOVER_MAX_RECOVERIES": "1000",
}


class ClusterAway(Exception):
    """What was waited for did not come; its log says why."""


class Throwaway:
    """Use as a context manager; nothing that it started outlives it. No setting of the caller's reaches it."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self._workers = folder, workers
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Settings:
        """With these a ``Client`` reaches it: defaults, as nothing of the environment is read for them."""
        return Settings.model_construct(data_dir=self._data)

    def pids(self, role: str) -> list[int]:
        """Processes of a role: ``redis``, ``coordinator``, ``worker``; empty while they are being started again."""
        try:
            found: dict[str, Any] = json.loads((self._data / RUN_FILE).read_text())
        except (OSError, ValueError):
            return []
        return [int(pid) for pid in found["pids"].get(role, ())]

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m", "orchestrator.cli", "up", "--no-console"]
        command += [f"--data-dir={self._data}", f"--workers={self._workers}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        with (self.folder / "up.log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment | _SHORT, stdout=log, stderr=log)
        try:
            wait_for(self._is_ready, 60.0, f"`changeover up` is not ready; {self.folder / 'up.log'}")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise ClusterAway(f"`changeover up` ended; {self.folder / 'up.log'}")
        return "\nready: " in "\n" + (self.folder / "up.log").read_text(errors="replace")


def wait_for(condition: Callable[[], bool], seconds: float, else_say: str) -> None:
    """Raises ``ClusterAway``."""
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            raise ClusterAway(else_say)
        time.sleep(0.1)
