"""One ``changeover up`` with stand-in children, in a process of its own."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import redis

from tests.support.processes import Process, start
from tests.support.waiting import wait_until

TREE = Path(__file__).parents[2]
READY_SECONDS = 90.0
"""Until ``up`` is ready: processes load one after the other, on a busy machine for tens of seconds."""

_numbers = itertools.count(1)

Pids = dict[str, list[int]]


class UpProcess:
    """Starts at once; ``ready`` waits for its line. Output goes to files, as when a user redirects it."""

    def __init__(self, folder: Path, mode: str = "good", environment: dict[str, str] | None = None, **options: Any):
        self.folder = folder
        number = next(_numbers)
        self.output = folder.parent / f"up-{number}.out"
        self.errors = folder.parent / f"up-{number}.err"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        given = json.dumps({"data_dir": str(folder), **options})
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.process: Process = start(
                [mode, given], clean | (environment or {}), output, errors, TREE, module="tests.support.up_launcher"
            )

    def ready(self) -> UpProcess:
        wait_until(
            lambda: self.ready_lines() or self.process.poll() is not None,
            seconds=READY_SECONDS,
            message="no ready line",
        )
        assert self.process.poll() is None, self.errors.read_text()
        return self

    def said(self) -> str:
        return self.output.read_text()

    def ready_lines(self) -> list[str]:
        return [line for line in self.said().splitlines() if line.startswith("ready")]

    def run_file(self) -> dict[str, Any]:
        """Whole whenever it is read: a reader never sees half of it."""
        content: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return content

    def pids(self) -> Pids:
        pids: Pids = self.run_file()["pids"]
        return pids

    def all_pids(self) -> set[int]:
        return {pid for of_role in self.pids().values() for pid in of_role}

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.run_file()["redisUrl"], decode_responses=True)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 25.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def end(self) -> None:
        """Whatever happened in the test: it does not outlive it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(25)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
