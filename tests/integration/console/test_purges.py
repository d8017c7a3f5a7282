"""A purge through a console: repeated, written down first, and of what a hand has damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from orchestrator.client import Client
from orchestrator.domain.errors import DamagedData, InvalidInput, NotAllowed, NotFound
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    for name in ("a", "b", "c", "hurt"):
        world.started(name, [f"of-{name}"])
        world.finish(f"{name}.0")
    world.started("open", ["of-open"])
    return world


@pytest.fixture
def client(world: LedgerWorld) -> Iterator[Client]:
    with ConsoleServer(world.settings) as console, Client.through(console.url, console.token("admin")) as client:
        yield client


def plans_in(file: Path) -> list[str]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["plan"]["planId"] for line in lines if line["kind"] == "plan"]


def test_a_purge_through_a_console(world: LedgerWorld, client: Client, tmp_path: Path) -> None:
    world.client.hset(world.keys.of("plan", "hurt"), "planSeq", "x")
    with pytest.raises(DamagedData):
        client.purge("hurt", export=tmp_path / "no")
    assert client.purge("hurt", export=tmp_path / "hurt", force=True).purged == ["hurt"]
    assert plans_in(tmp_path / "hurt") == ["hurt"]

    for plan_id, error in (("open", NotAllowed), ("nowhere", NotFound)):
        with pytest.raises(error):
            client.purge(plan_id, export=tmp_path / "no", request_id=f"no-{plan_id}")
    for name in ("first", "second"):
        assert client.purge("a", export=tmp_path / name, request_id="one").purged == ["a"]
    with pytest.raises(InvalidInput, match="purge plan a"):
        client.purge("b", export=tmp_path / "no", request_id="one")

    ago = timedelta()
    for name in ("many", "again"):
        assert client.purge_ended(ago, export=tmp_path / name, request_id="many").purged == ["b", "c"]
    world.finish("open.0")
    assert client.purge_ended(ago, request_id="many").purged == ["b", "c"]
    with pytest.raises(InvalidInput, match="request_id"):
        client.purge_ended(timedelta(days=1), export=tmp_path / "no", request_id="many")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "hurt", "many"]
    assert plans_in(tmp_path / "many") == ["b", "c"]
    assert [one.plan_id for one in client.plans()] == ["open"]
