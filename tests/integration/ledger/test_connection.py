"""Every answer that means "not now" is met as an outage, whichever command it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
from redis.exceptions import ResponseError

from orchestrator.ledger.connection import UNREACHABLE, connect
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.turn_batches import begin_all
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
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


def test_a_scripts_fault_is_told_as_it_came(world: LedgerWorld) -> None:
    batch = world.keys.of("batch", "h:1")
    world.client.sadd(batch, "not a string")
    with pytest.raises(ResponseError, match="WRONGTYPE") as caught:
        world.ledger.call("count", "h:1", "1", "polls", 1)
    # Whoever looks for its causes comes to an end.
    assert caught.value.__cause__ is None
    world.client.delete(batch)


def test_a_server_that_takes_no_writes_is_an_outage_for_many_at_once_too(tmp_path: Path, settings: Settings) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        with connect(server.url(), patient=False) as client:
            world = LedgerWorld(client, settings)
            turns = [world.turn(task) for task in world.started("p", ["a", "b"])]
            client.config_set("min-replicas-to-write", 1)
            with pytest.raises(UNREACHABLE, match="NOREPLICAS"):
                begin_all(world.ledger, turns, "w:1/d")
            client.config_set("min-replicas-to-write", 0)
            assert [answer[0] for answer in begin_all(world.ledger, turns, "w:1/d")] == ["BEGUN", "BEGUN"]  # type: ignore[index]
    finally:
        server.stop()
