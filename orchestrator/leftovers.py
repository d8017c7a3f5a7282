"""Processes that an earlier ``changeover up`` of the same data folder left alive."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from pathlib import Path

OWNER_VARIABLE = "CHANGEOVER_UP"
"""In the environment of every child of ``up`` and of their offspring: the absolute path of the data folder."""

GONE_WITHIN_SECONDS = 5.0


def end_leftovers(folder: Path) -> list[int]:
    """Kill what still runs for this folder and wait until it has gone; the pids. Call it only as the folder's owner.

    Linux only: elsewhere there is no sure way to know whose a process is, and nothing is killed.
    """
    if sys.platform != "linux":
        return []
    mark = os.fsencode(f"{OWNER_VARIABLE}={folder}")
    ended = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        # It may end at any moment, or be another user's.
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                _kill(int(entry.name), mark)
                ended.append(int(entry.name))
    return ended


def _kill(pid: int, mark: bytes) -> None:
    handle = os.pidfd_open(pid)
    try:
        # Once more, through a handle that cannot come to mean another process.
        if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], GONE_WITHIN_SECONDS)
    finally:
        os.close(handle)
