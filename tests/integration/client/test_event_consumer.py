"""A consumer of the real feed: over its own restart, a Redis that lost the last writes, and a feed cut too short."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import redis

from examples.event_consumer import SqliteCursor
from orchestrator import Client, EventConsumer, EventsMissed, FileCursor
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.promoted import restore, snapshot
from tests.support.waiting import wait_until


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """A ledger that loses writes, which no check of it would take for whole."""
    return LedgerWorld(redis_client, settings)


def test_what_a_fail_over_took_back_and_gave_out_again(
    world: LedgerWorld, client: Client, place: Place, tmp_path: Path
) -> None:
    cursor = tmp_path / "cursor.json"
    world.started("p", ["a", "b"], max_concurrency=2)
    consumer = EventConsumer(client, FileCursor(cursor))
    assert [event.sequence_id for event in consumer.events(follow=False)] == [e.sequence_id for e in world.events()]
    kept = snapshot(place.admin_url)
    world.finish("p.0")
    lost = list(consumer.events(follow=False))
    assert lost
    restore(place.admin_url, kept)
    world.finish("p.1")
    assert world.events()[-1].sequence_id >= lost[-1].sequence_id
    # Also one that was started again in between goes by what it has kept.
    again = list(EventConsumer(client, FileCursor(cursor)).events(follow=False))
    assert again == world.events(lost[0].sequence_id - 1)
    assert {event.task_id for event in again if event.type == "TaskCompleted"} == {"p.1"}


def test_a_plan_that_is_looked_at_forgets_what_a_fail_over_took_back(
    world: LedgerWorld, client: Client, place: Place
) -> None:
    world.started("p", ["a", "b"], max_concurrency=2)
    kept = snapshot(place.admin_url)
    live = client.live("p")
    world.finish("p.0")
    live.look()
    assert list(live.moving) == ["p.1"]
    restore(place.admin_url, kept)
    world.break_stage("p.1")
    live.look()
    assert (list(live.moving), len(list(live.causes))) == (["p.0"], 1)


def test_a_ledger_that_was_lost_whole_is_read_from_its_start(
    world: LedgerWorld, client: Client, tmp_path: Path
) -> None:
    world.started("p", ["a"])
    consumer = EventConsumer(client, FileCursor(tmp_path / "cursor.json"))
    list(consumer.events(follow=False))
    world.client.flushdb()
    world.started("q", ["a"])
    assert list(consumer.events(follow=False)) == world.events()


def test_a_feed_that_is_too_short_says_what_was_missed(world: LedgerWorld, client: Client, tmp_path: Path) -> None:
    world.started("p", ["a"])
    consumer = EventConsumer(client, FileCursor(tmp_path / "cursor.json"))
    seen = len(list(consumer.events(follow=False)))
    world.finish("p.0")
    world.client.xtrim(world.keys.of("feed"), maxlen=2, approximate=False)
    with pytest.raises(EventsMissed) as caught:
        list(consumer.events(follow=False))
    assert caught.value.first == seen + 1
    consumer.skip_missed()
    assert list(consumer.events(follow=False)) == world.events()


def test_the_example_killed_amid_its_work_has_each_failure_once(
    world: LedgerWorld, settings: Settings, tmp_path: Path
) -> None:
    tenants = [f"t{number}" for number in range(40)]
    world.started("p", tenants, max_concurrency=len(tenants))
    for number in range(len(tenants)):
        world.break_stage(f"p.{number}")
    path = tmp_path / "failures.sqlite"
    command = [sys.executable, "-m", "examples.event_consumer", str(path)]
    environment = os.environ | {"CHANGEOVER_NAMESPACE": settings.namespace, "CHANGEOVER_REDIS_URL": url_of(settings)}
    service = subprocess.Popen(command, env=environment)
    wait_until(lambda: failures(path))
    service.kill()
    service.wait()
    subprocess.run([*command, "--once"], env=environment, check=True)
    found = failures(path)
    assert sorted(found) == sorted(f"p.{number}" for number in range(len(tenants)))
    with closing(sqlite3.connect(path)) as database:
        assert next(reversed(SqliteCursor(database).load().trail)) == world.events()[-1].sequence_id


def failures(path: Path) -> list[str]:
    """Their tasks; none while the service has not made its table."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as database:
        try:
            return [task for (task,) in database.execute("SELECT task FROM failures")]
        except sqlite3.OperationalError:
            return []


def url_of(settings: Settings) -> str:
    assert settings.redis_url is not None
    return settings.redis_url.get_secret_value()
