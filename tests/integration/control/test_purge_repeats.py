"""Purges are repeated, and go by the time that people are told (I17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.control.purging import Purger
from orchestrator.domain.errors import InvalidInput, NotFound, Unreachable
from orchestrator.ledger.purges import Purges
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld

DAY_MS = 86_400_000


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    for name in ("a", "b"):
        world.started(name, [f"of-{name}"])
        world.finish(f"{name}.0")
    return world


@pytest.fixture
def client(world: LedgerWorld) -> Iterator[Client]:
    with Client(world.settings) as client:
        yield client


def test_a_purge_with_its_export_is_repeated(client: Client, tmp_path: Path) -> None:
    for name in ("first", "first", "second"):
        assert client.purge("a", export=tmp_path / name, request_id="r").purged == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    with pytest.raises(InvalidInput, match="purge plan a"):
        client.purge("b", request_id="r")


def test_a_purge_of_what_ended_before_a_moment_is_repeated(client: Client, tmp_path: Path) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=1)
    for _ in range(2):
        assert client.purge_ended(moment, export=tmp_path / "all", request_id="r").purged == ["a", "b"]
    with pytest.raises(InvalidInput, match="request_id"):
        client.purge_ended(moment + timedelta(minutes=1), request_id="r")


def test_a_purge_by_age_is_repeated_by_the_moment_of_the_first(
    world: LedgerWorld, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timedelta()
    assert client.purge_ended(now, request_id="r").purged == ["a", "b"]
    world.started("c", ["of-c"])
    world.finish("c.0")
    assert client.ended_before(now, request_id="r") == []
    assert client.purge_ended(now, export=tmp_path / "all", request_id="r").purged == ["a", "b"]
    with pytest.raises(InvalidInput, match="it was used to purge what ended 0 s ago or earlier, that is before 2"):
        client.purge_ended(timedelta(days=1), request_id="r")
    with pytest.raises(InvalidInput, match="expected an age from 0 s to 100 years"):
        client.purge_ended(timedelta(days=999_999))
    # Cut off behind its first plan: the first moment counts too, and nothing that has ended since goes.
    world.started("d", ["of-d"])
    world.finish("d.0")
    with monkeypatch.context() as patch:
        patch.setattr(Purger, "_finish", lambda *_: ["c"][1])
        with pytest.raises(IndexError):
            client.purge_ended(now, request_id="s")
    world.started("e", ["of-e"])
    world.finish("e.0")
    assert client.ended_before(now, request_id="s") == ["d"]
    assert client.purge_ended(now, request_id="s").purged == ["c", "d"]
    assert client.purge_ended(now).purged == ["e"]


def test_a_lost_answer_of_a_purge_names_its_request(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    with Client(away) as client:
        with pytest.raises(Unreachable, match="give request id r"):
            client.purge("a", request_id="r")
        with pytest.raises(Unreachable, match="give request id r"):
            client.purge_ended(timedelta(), request_id="r")


def test_an_operation_on_a_tenant_is_repeated_after_its_plan_is_purged(world: LedgerWorld, client: Client) -> None:
    world.plan("c", ["of-c"])
    first = client.cancel(tenant_id="of-c", request_id="r")
    assert first.accepted
    client.purge("c")
    assert client.cancel(tenant_id="of-c", request_id="r") == first
    with pytest.raises(NotFound):
        client.cancel(tenant_id="of-c", request_id="another")


def test_ended_before_goes_by_the_time_that_people_are_told(world: LedgerWorld, client: Client) -> None:
    # Two days in which nobody spoke: the ledger's clock leaves them out.
    for field in ("createdAt", "startedAt", "endedAt"):
        world.client.hincrby(world.keys.of("plan", "a"), field, -2 * DAY_MS)
    assert client.purge_ended(datetime.now(UTC) - timedelta(days=1)).purged == ["a"]


def test_plans_that_an_older_release_ended_are_filed_by_the_ledgers_clock(world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("clock"), "offset", -DAY_MS)
    world.client.hincrby(world.keys.of("clock"), "at", -DAY_MS)
    world.client.delete(world.keys.of("ended"))
    assert Purges(world.ledger).note_ended(["a", "b"]) == 2
    assert [plan_id for plan_id, _ in Purges(world.ledger).expired(0, 10)[0]] == ["a", "b"]
