"""`changeover checkpoint`: what is kept of a task, wherever it is kept; nothing after its end or its rollback."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from checkpoint import Checkpoint
from checkpoint.database import DatabaseCheckpointStore
from orchestrator.client import Client
from orchestrator.ledger.outcomes import Begun
from orchestrator.settings.kept_data import CheckpointSettings
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


def test_what_is_kept_is_shown_and_gone_after_the_end(world: LedgerWorld, client: Client, place: Place) -> None:
    ended, stopped, fresh = world.started("p", ["a", "b", "c"])
    world.finish(ended)
    world.stage(stopped)
    world.stage(stopped)
    found = client.checkpoint(stopped)
    assert (found.completed_stages, found.last_stage, found.store) == (2, "two", "redis")
    assert not client.checkpoint(ended).kept
    assert not client.checkpoint(fresh).kept
    assert [one.task_id for one in client.checkpoints("p")] == [stopped]

    shown = changeover("checkpoint", "--task", stopped, environment=place.environment())
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("p.1: 2 stages done, the last one two (")
    listed = changeover("checkpoint", "--plan", "p", "--json", environment=place.environment())
    assert [one["taskId"] for one in json.loads(listed.stdout)] == [stopped]

    world.ask("rollback", stopped)
    # It ran, so it turns at its boundary.
    assert world.begin(stopped) is Begun.ROLLING_BACK
    world.stage(stopped)
    assert client.checkpoint(stopped).finding == "1 stage taken back, the last one two"
    world.finish(stopped)
    assert world.status(stopped) == "ROLLED_BACK"
    assert client.checkpoint(stopped).finding == "there is no checkpoint"
    assert client.checkpoints("p") == []
    nobody = changeover("checkpoint", "--task", "p.9", environment=place.environment())
    assert nobody.returncode == 3


def test_a_store_beside_the_ledger_is_asked_in_one_go(world: LedgerWorld, settings: Settings, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    kept, lost = world.started("p", ["a", "b"])
    for task in (kept, lost):
        world.stage(task)
        turn = world.turn(task)
        marker = {"epoch": turn.epoch, "completed_stages": 1, "last_stage": "one", "store": "db"}
        world.client.set(world.keys.of("checkpoint", task), json.dumps(marker))
    outputs = {"one": {"0": {"token": "hunter2", "seen": 3}}}
    store = DatabaseCheckpointStore(url, settings.namespace)
    store.save(Checkpoint(kept, world.turn(kept).epoch, 1, "RUNNING", 1, "one", outputs))
    store.close()
    chosen = settings.model_copy(update={"checkpoint": CheckpointSettings(store_type="db", url=SecretStr(url))})
    with Client(chosen) as client:
        first, second = client.checkpoints("p")
    assert (first.store, first.outputs) == ("db", {"one": {"0": {"token": "***", "seen": 3}}})
    assert "has lost it" in second.finding
    with Client(settings) as client:
        assert client.checkpoint(kept).finding == "kept in the store 'db'; the settings here name 'redis'"


def test_a_damaged_checkpoint_hides_no_other(world: LedgerWorld, settings: Settings, tmp_path: Path) -> None:
    """In the store beside the ledger, of which two are damaged, and in the ledger itself."""
    path = tmp_path / "kept.db"
    store = DatabaseCheckpointStore(f"sqlite:///{path}", settings.namespace)
    tasks = world.started("p", [f"t{number}" for number in range(8)], max_concurrency=8)
    for task in tasks:
        world.stage(task)
    for task in tasks[:6]:
        epoch = world.turn(task).epoch
        marker = {"epoch": epoch, "completed_stages": 1, "last_stage": "one", "store": "db"}
        world.client.set(world.keys.of("checkpoint", task), json.dumps(marker))
        store.save(Checkpoint(task, epoch, 1, "RUNNING", 1, "one"))
    store.close()
    with closing(sqlite3.connect(path)) as database:
        damage = "UPDATE changeover_checkpoints SET body = ? WHERE task_id = ?"
        database.execute(damage, ('{"epoch": "x"}', "p.1"))
        database.execute(damage, ('{"format": 99}', "p.4"))
        database.commit()
    world.client.set(world.keys.of("checkpoint", "p.6"), "garbage")
    damaged = {
        "p.1": "the store 'db': it is damaged: task_id is missing, expected text; a hand in the data?",
        "p.4": "the store 'db': a checkpoint of format 99; this release knows 1: update this process",
        "p.6": "it is damaged: it is 'garbage', expected a JSON object; a hand in the data?",
    }
    chosen = settings.model_copy(
        update={"checkpoint": CheckpointSettings(store_type="db", url=SecretStr(f"sqlite:///{path}"))}
    )
    with Client(chosen) as client:
        for found in (client.checkpoints("p"), client.checkpoint_page("p", limit=50).checkpoints):
            told = {one.task_id: one.finding for one in found}
            assert list(told) == tasks
            for task, finding in told.items():
                assert finding.startswith(damaged.get(task, "1 stage done, the last one one")), finding
        assert client.checkpoint("p.1").finding.startswith(damaged["p.1"])
