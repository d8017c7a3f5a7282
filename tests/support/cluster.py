"""Real coordinators and real Celery workers for one test, as the processes that an operator runs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path

import redis

from orchestrator.ledger.keys import Keys
from orchestrator.ledger.presence import alive
from tests.support.place import Place
from tests.support.processes import Process, signal_group, start
from tests.support.waiting import wait_until


class Cluster:
    """Starts processes of a place and ends those that it started."""

    def __init__(self, place: Place, folder: Path, **settings: str) -> None:
        self.place = place
        self.folder = folder
        self.environment = os.environ | place.environment() | {"CHANGEOVER_LOG_FORMAT": "json"} | settings
        self.processes: list[Process] = []
        self._client = redis.Redis.from_url(place.redis_url, decode_responses=True)

    def start(self, *, coordinators: int = 1, workers: int = 1, pool: str = "threads", concurrency: int = 4) -> None:
        """Starts them all and waits until they consume."""
        started = [self.start_coordinator() for _ in range(coordinators)]
        started += [self.start_worker(pool=pool, concurrency=concurrency) for _ in range(workers)]
        self.wait_alive(started)

    def start_coordinator(self, *options: str, settings: dict[str, str] | None = None) -> Process:
        return self._start("coordinator", *options, settings=settings)

    def start_worker(
        self, *options: str, pool: str = "threads", concurrency: int = 4, settings: dict[str, str] | None = None
    ) -> Process:
        name = f"w{len(self.processes)}@{self.place.namespace}"
        arguments = ("--pool", pool, "--concurrency", str(concurrency), "-n", name, *options)
        return self._start("worker", *arguments, settings=settings)

    def start_as_typed(self, command: str) -> Process:
        """A command as `explain` prints it."""
        name, *words = shlex.split(command)
        assert name == "changeover"
        return self._start(*words, settings=None)

    def wait_alive(self, processes: list[Process]) -> None:
        wanted = {process.pid for process in processes}

        def all_are() -> bool:
            for process in processes:
                assert process.poll() is None, self.logs()
            return wanted <= {process.pid for process in alive(self._client, Keys(self.place.namespace))}

        wait_until(all_are, 30, f"not all of {wanted} consume")

    def wait_leaving(self, process: Process) -> None:
        """Until a process that was told to stop announces itself no more: a worker's turns have been told before that,
        which its first line about the signal does not mean."""
        keys = Keys(self.place.namespace)
        wait_until(lambda: process.pid not in {one.pid for one in alive(self._client, keys)}, 20)

    def logs(self) -> str:
        """What all processes said, for a failing test."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                # A stopped process only dies of it once it goes on.
                signal_group(process, signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill(process)
        self._client.close()

    def end(self) -> None:
        """Ends all at once, without their leave-taking: nobody works here any more, and a clean stop takes seconds."""
        for process in self.processes:
            signal_group(process, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self._client.close()

    def kill(self, process: Process) -> None:
        """SIGKILL to the process and its children."""
        signal_group(process, signal.SIGKILL)
        process.wait()

    def _start(self, *arguments: str, settings: dict[str, str] | None) -> Process:
        path = self.folder / f"{len(self.processes):02}-{arguments[0]}.log"
        with path.open("wb") as log:
            process = start(arguments, self.environment | (settings or {}), log, log, becomes=arguments[0] == "worker")
        self.processes.append(process)
        return process
