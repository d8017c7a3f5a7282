"""What a figure needs beside it: the machine, the versions, the load at the start; and how figures are shown."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import redis


@dataclass(frozen=True)
class Spread:
    """Median, least and most of the repeats."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))

    def shown(self, digits: int = 2) -> str:
        """``1.60 (1.52 to 1.71)``."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f})"


def machine(server: redis.Redis) -> dict[str, Any]:
    """Facts of this machine, for the figures that follow."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "cpu": cpu.partition(":")[2].strip() or platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "server": server.info("server")["redis_version"],
        **{name: importlib.metadata.version(name) for name in ("celery", "kombu", "redis")},
    }


def described(facts: dict[str, Any]) -> str:
    """The facts in one line."""
    return (
        f"{facts['date']}, {facts['cores']} cores ({facts['cpu']}), load {facts['load']}; Python {facts['python']}, "
        f"Redis {facts['server']}, celery {facts['celery']}"
    )
