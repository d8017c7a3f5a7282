"""Processes that an earlier, killed ``changeover up`` of the same data folder left alive."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from pathlib import Path

from orchestrator.embedded.redis_server import SERVER_FOLDER, SERVER_NAMES
from orchestrator.settings.environment import UP_VARIABLE

GONE_WITHIN_SECONDS = 5.0
PROC = Path("/proc")


def end_leftovers(folder: Path) -> list[int]:
    """Kill what still runs for this folder and wait until it has gone; the pids. Call it only as the folder's owner.

    Linux only: elsewhere there is no sure way to know whose a process is, and nothing is killed.
    """
    if sys.platform != "linux":
        return []
    ended = []
    for pid in [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]:
        # It may end at any moment, or be another user's.
        with contextlib.suppress(OSError):
            if pid != os.getpid() and _runs_for(folder, pid):
                _kill(folder, pid)
                ended.append(pid)
    return ended


def _runs_for(folder: Path, pid: int) -> bool:
    if os.fsencode(f"{UP_VARIABLE}={folder}") in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
        return True
    # Redis writes its title over its environment; it is known by where it works.
    works_in = os.readlink(PROC / str(pid) / "cwd")
    return works_in == str(folder / SERVER_FOLDER) and (PROC / str(pid) / "comm").read_text().strip() in SERVER_NAMES


def _kill(folder: Path, pid: int) -> None:
    handle = os.pidfd_open(pid)
    try:
        # Asked once more, now that the handle cannot come to mean another process.
        if _runs_for(folder, pid):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], GONE_WITHIN_SECONDS)
    finally:
        os.close(handle)
