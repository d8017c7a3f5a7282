"""What ``changeover up`` is asked to run, and the command lines of its children."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import is_address

MOST_WORKERS: Final = 256
"""Each is a process that takes tens of megabytes; more run on several machines, started by ``changeover worker``."""
MOST_CONCURRENCY: Final = 10_000

Pool = Literal["threads", "prefork", "gevent", "solo"]


@dataclass(frozen=True, slots=True)
class UpOptions:
    """The options of ``changeover up``; ``data_dir`` None means the settings' own, ``redis_port`` None a free one."""

    workers: int | None = None
    """Worker processes; None is 2, or 1 with ``single_process``."""
    pool: Pool = "threads"
    concurrency: int = 4
    """Stages that one worker runs at a time."""
    flower_port: int | None = None
    data_dir: Path | None = None
    redis_port: int | None = None
    stop_seconds: float = 20.0
    """A stop ends within this, by kill if needed."""
    single_process: bool = False
    """One process runs coordinator and stages, so that checkpoints may be kept in its memory."""
    metrics_port: int | None = None
    """Where the coordinator serves metrics; None: nowhere."""
    metrics_address: str = "127.0.0.1"
    console: bool = True
    """Start the console too, on loopback."""
    console_port: int | None = None
    """Its port; None: that of the settings, or another if that is taken."""
    demo: bool = False
    """Also play tenants, and write plans that move them."""
    # -P: the folder that the user stands in must not shadow our modules.
    program: Sequence[str] = (sys.executable, "-P", "-m", "orchestrator.cli")
    """Runs the command line; role and options follow."""

    @property
    def worker_count(self) -> int:
        """Worker processes."""
        return self.workers or (1 if self.single_process else 2)

    def check(self) -> None:
        """Raises ``InvalidInput`` naming every option that is wrong."""
        problems = [
            Problem(name, value, f"must be 1 to {most}")
            for name, value, most in (
                ("--workers", self.workers, MOST_WORKERS),
                ("--concurrency", self.concurrency, MOST_CONCURRENCY),
            )
            if value is not None and not 1 <= value <= most
        ]
        problems += [
            Problem(name, port, "must be a port, 1 to 65535")
            for name, port in (
                ("--redis-port", self.redis_port),
                ("--flower-port", self.flower_port),
                ("--metrics-port", self.metrics_port),
                ("--console-port", self.console_port),
            )
            if port is not None and not 1 <= port <= 65535
        ]
        if not is_address(self.metrics_address):
            message = "expected an address or a name of this machine"
            problems.append(Problem("--metrics-address", self.metrics_address, message))
        if self.pool not in get_args(Pool):
            problems.append(Problem("--pool", self.pool, f"must be one of {', '.join(get_args(Pool))}"))
        if self.pool == "gevent" and importlib.util.find_spec("gevent") is None:
            problems.append(Problem("--pool", self.pool, "needs gevent: pip install 'changeover[gevent]'"))
        if self.single_process:
            if self.workers not in (None, 1):
                problems.append(Problem("--workers", self.workers, "must be 1 with --single-process"))
            if self.pool not in ("threads", "solo"):
                problems.append(Problem("--pool", self.pool, "must be threads or solo with --single-process"))
        if problems:
            raise InvalidInput(problems)

    def fleet_command(self, plan: Path) -> list[str]:
        """What plays the instances of a plan's tenants."""
        return [sys.executable, "-P", "-m", "orchestrator.embedded.demo", str(plan)]

    def console_command(self, port: int) -> list[str]:
        """What serves the console."""
        return [*self.program, "console", "--host=127.0.0.1", f"--port={port}"]

    def commands(self) -> list[tuple[str, str, list[str]]]:
        """Role, name and command line of each child but Redis and the console, in the order of starting."""
        found = []
        metrics = []
        if self.metrics_port is not None:
            metrics = [f"--metrics-port={self.metrics_port}", f"--metrics-address={self.metrics_address}"]
        if not self.single_process:
            found.append(("coordinator", "coordinator", [*self.program, "coordinator", *metrics]))
        for number in range(1, self.worker_count + 1):
            options = [f"--pool={self.pool}", f"--concurrency={self.concurrency}", "-n", f"worker{number}@%h"]
            if self.single_process:
                options += ["--with-coordinator", *metrics]
            if self.flower_port is not None:
                # Task events cost throughput, so only where someone looks; Flower's own request would come too late.
                options.append("-E")
            found.append(("worker", f"worker{number}", [*self.program, "worker", *options]))
        if self.flower_port is not None:
            options = ["--address=127.0.0.1", f"--port={self.flower_port}"]
            found.append(("flower", "flower", [*self.program, "flower", *options]))
        return found
