"""Every answer that means "not now" is met as an outage, whichever command it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from orchestrator.ledger.connection import UNREACHABLE, connect
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.keys import Keys
from tests.support.redis_server import RedisServer


def test_a_master_without_its_replicas_is_an_outage_for_every_command(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--min-replicas-to-write", "1")
    server.start()
    keys = Keys("n")
    try:
        with connect(server.url(), patient=False) as client:
            with pytest.raises(UNREACHABLE, match="NOREPLICAS"):
                client.set("a", "b")
            with redis.Redis.from_url(server.url()) as admin:
                admin.config_set("min-replicas-to-write", 0)
                inbox = Inbox(client, keys, "c")
                inbox.read(0.01)
                admin.xadd(keys.of("inbox"), {"plan": "p"})
                admin.config_set("min-replicas-to-write", 1)
            with pytest.raises(UNREACHABLE):
                inbox.read(0.01)
    finally:
        server.stop()
