"""Who keeps checkpoints in its own memory works alone on its namespace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
import redis

from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.alone import require_alone
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import aged, beat


def test_others_on_the_namespace_are_named(redis_client: redis.Redis, settings: Settings) -> None:
    world, url = LedgerWorld(redis_client, settings), find_servers(settings).redis_url
    in_memory = settings.model_copy(
        update={"checkpoint": settings.checkpoint.model_copy(update={"store_type": "memory"})}
    )
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    # Its own entry, one that was killed on this machine, and one whose last sign is old.
    beat(world, "worker", f"{socket.gethostname()}:{os.getpid()}")
    beat(world, "coordinator", f"{socket.gethostname()}:{ended.pid}")
    beat(world, "worker", "away:5")
    aged(world, "worker:away:5", 11)
    require_alone(in_memory, url)

    beat(world, "worker", f"{socket.gethostname()}:{os.getppid()}")
    beat(world, "coordinator", "away:6")
    with pytest.raises(
        InvalidInput,
        match=rf"coordinator away:6 \(seen \d+ s ago\), worker {socket.gethostname()}:{os.getppid()} \(seen \d+ s ago\)"
        "; stop them.* nobody's way 10 s after",
    ):
        require_alone(in_memory, url)
    require_alone(settings, url)
