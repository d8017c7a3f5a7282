"""The data folder of ``changeover up``: one owner at a time, and ``run.json``, by which others find the servers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.files.private_file import (
    NotPrivate,
    open_private,
    read_private,
    replace_private,
    require_private_folder,
)
from orchestrator.settings.servers import RUN_FILE, Servers

LOCK_FILE = "up.lock"


@contextlib.contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Make the folder if need be and own it until the end; the kernel gives it up when this process dies.

    Raises ``InvalidInput`` when it cannot be written or is not ours alone, or when another ``up`` (named by its pid)
    owns it.
    """
    with _as_problem(folder):
        require_private_folder(folder)
        # Not inherited by children (PEP 446), so that none of them can keep a dead owner's claim.
        lock = open_private(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(lock, 32).decode(errors="replace").strip()
            message = f"`changeover up` already runs in this folder (pid {pid}); stop it, or give another --data-dir"
            raise InvalidInput([Problem("--data-dir", str(folder), message)]) from None
        with _as_problem(folder):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def write_run_file(
    folder: Path, servers: Servers, pids: Mapping[str, Sequence[int]], console_url: str | None = None
) -> None:
    """Replace ``run.json`` in one step, for the owner alone: its URLs carry passwords. ``OSError`` if it fails.
    ``console_url``: where the console is, once it answers."""
    content = {
        "redisUrl": servers.redis_url,
        "brokerUrl": servers.broker_url,
        "consoleUrl": console_url,
        "pids": {role: list(of_role) for role, of_role in pids.items()},
    }
    replace_private(folder / RUN_FILE, json.dumps(content, indent=2) + "\n")


def remove_run_file(folder: Path) -> None:
    """Nothing runs here any more; doing it twice is no error."""
    with contextlib.suppress(OSError):
        (folder / RUN_FILE).unlink(missing_ok=True)


def read_redis_url(folder: Path) -> str | None:
    """The Redis URL that a ``run.json`` left here names, if it can be read."""
    try:
        url = json.loads(read_private(folder / RUN_FILE))["redisUrl"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) else None


@contextlib.contextmanager
def _as_problem(folder: Path) -> Iterator[None]:
    try:
        yield
    except NotPrivate as error:
        raise InvalidInput([Problem("--data-dir", str(folder), str(error))]) from error
    except OSError as error:
        raise InvalidInput([Problem("--data-dir", str(folder), f"cannot be used: {error.strerror}")]) from error
