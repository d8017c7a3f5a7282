"""What only reads is answered by a full Redis too, which takes no write and no transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.history import read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.sample import read_sample
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.planted_disk import can_save, cannot_save

READS: dict[str, tuple[Callable[[LedgerWorld], Any], Any]] = {
    "content": (lambda world: world.reader.content_of("p"), ("first", "d")),
    "spec": (lambda world: world.reader.spec_text("p", "first", "d"), '{"name": "p", "stages": []}'),
    "spec of other content": (lambda world: world.reader.spec_text("p", "first", "e"), None),
    "spec of another ledger": (lambda world: world.reader.spec_text("p", "second", "d"), None),
    "marks": (lambda world: world.reader.checkpoint_marks(["p.0", "p.9"]), [(True, "RUNNING"), (False, None)]),
    "metrics": (lambda world: read_sample(world.client, world.keys).turns_queued, 1),
    "dump": (lambda world: read_dump(world.client, world.keys).plans["p"]["status"], "RUNNING"),
    "task of a tenant": (lambda world: world.reader.task_of_tenant("a"), "p.0"),
    "found tasks": (lambda world: list(world.reader.find_tasks("p", 1, ["RUNNING"])), [{"RUNNING": [0]}]),
    "groups": (lambda world: [group.positions for group in world.reader.survey("p", 1)], [[0]]),
    "movers": (lambda world: list(world.reader.movers(["a"])), [(0, {"p.0"})]),
}


@pytest.mark.parametrize("read", READS)
def test_a_full_redis_answers(world: LedgerWorld, read: str) -> None:
    (task,) = world.started("p", ["a"])
    world.stage(task)
    world.client.script_flush()
    world.client.config_set("maxmemory", 1)
    try:
        assert READS[read][0](world) == READS[read][1]
    finally:
        world.client.config_set("maxmemory", 0)


def test_one_that_cannot_save_answers_on_a_connection_that_was_idle(world: LedgerWorld, place: Place) -> None:
    with connect(place.redis_url, patient=False) as client:
        pool = client.connection_pool
        connection = pool.get_connection()
        pool.release(connection)
        connection.next_health_check = 0.0
        cannot_save(world)
        try:
            assert client.get("nothing") is None
        finally:
            can_save(world)


def test_another_namespace_that_is_none_hides_no_other(world: LedgerWorld) -> None:
    damaged, alive = (Keys(f"{world.keys.namespace}-{name}") for name in ("damaged", "alive"))
    world.client.set(damaged.of("presence"), "garbage")
    entry = {"at": world.reader.now_ms(), "queues": []}
    world.client.hset(alive.of("presence"), "worker:h:1", json.dumps(entry))
    try:
        found = world.reader.other_namespaces()
    finally:
        world.client.delete(damaged.of("presence"), alive.of("presence"))
    assert damaged.namespace not in found
    assert [process.name for process in found[alive.namespace]] == ["h:1"]
