"""CPU time of processes, which says more than the clock on a shared machine, and their memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system seconds that these processes (Linux) have used so far."""
    return sum(sum(map(int, _stat(pid)[11:13])) for pid in pids) / _TICKS


def children_of(pids: Iterable[int]) -> list[int]:
    """These processes and all their children: those of a prefork pool do the work."""
    found = list(pids)
    parents = {int(path.name): path for path in Path("/proc").iterdir() if path.name.isdigit()}
    for pid in parents:
        try:
            if int(_stat(pid)[1]) in found:
                found.append(pid)
        except OSError:
            continue
    return found


def resident_mib(pids: Iterable[int]) -> float:
    """MiB of memory that these processes (Linux) have of the machine's."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
