"""What a forced purge writes down of a plan that a hand has damaged: all that can be read of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from orchestrator.client import Client
from orchestrator.domain.errors import ChangeoverError
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long


def _other_type(kind: str, of: str) -> Callable[[LedgerWorld], object]:
    def damage(world: LedgerWorld) -> None:
        world.client.delete(world.keys.of(kind, of))
        world.client.rpush(world.keys.of(kind, of), "x")

    return damage


def _field(name: str, value: str | None) -> Callable[[LedgerWorld], object]:
    def damage(world: LedgerWorld) -> None:
        key = world.keys.of("plan", "p")
        world.client.hdel(key, name) if value is None else world.client.hset(key, name, value)

    return damage


GONE = "gone"
DAMAGES: dict[str, Callable[[LedgerWorld], object]] = {
    GONE: lambda world: world.client.delete(world.keys.of("plan", "p")),
    "log of another type": _other_type("log", "p"),
    "planSeq missing": _field("planSeq", None),
    "planSeq rubbish": _field("planSeq", "x"),
    "written rubbish": _field("written", "x"),
    "status rubbish": _field("status", "x"),
    "record of another type": _other_type("plan", "p"),
    "spec of another type": _other_type("spec", "p"),
    "config of another type": _other_type("config", "p.1"),
    "task of another type": _other_type("task", "p.1"),
    "sound": lambda world: None,
}


@pytest.mark.parametrize("name", mostly_long(DAMAGES, GONE))
def test_a_forced_purge_writes_down_what_can_be_read(
    redis_client: redis.Redis, settings: Settings, tmp_path: Path, name: str
) -> None:
    world, file = LedgerWorld(redis_client, settings), tmp_path / "p.jsonl"
    for task in world.started("p", "abc"):
        world.finish(task)
    with Client(settings) as client:
        whole = [json.dumps(line, sort_keys=True) for line in client.export("p")]
        DAMAGES[name](world)
        if name not in ("sound", "spec of another type", "config of another type", "task of another type"):
            with pytest.raises(ChangeoverError):
                client.purge("p", export=file)
        assert client.purge("p", export=file, force=True).purged == ["p"]
        assert client.plans() == []
    written = [json.dumps(json.loads(line), sort_keys=True) for line in file.read_text().splitlines()]
    kinds = [json.loads(line)["kind"] for line in written]
    assert (kinds[0], kinds.count("task")) == ("plan", 3)
    if name == "log of another type":
        assert "event" not in kinds
    else:
        assert [line for line in written if '"kind": "event"' in line] == [
            line for line in whole if '"kind": "event"' in line
        ]
    if name == "sound":
        assert written == whole
