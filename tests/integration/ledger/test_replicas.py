"""`redis.min_replicas`: a write is answered when replicas have it, or, with a word in the log, when they have not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis
import structlog
from redis.exceptions import NoPermissionError
from structlog.testing import capture_logs

from orchestrator.cli import main
from orchestrator.client import Client
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn
from orchestrator.settings.model import RedisSettings, Settings
from tests.support.counting import counted
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until


def behind(entries: list[dict[str, object]]) -> list[object]:
    return [entry["reached"] for entry in entries if entry.get("action") == "replicas-behind"]


def test_with_and_without_a_replica(
    settings: Settings, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> None:
    safe = settings.model_copy(update={"redis": RedisSettings(min_replicas=1, wait_seconds=0.05)})
    with Client(safe) as client, capture_logs() as entries:
        client.submit(plan("alone", [tenant("a")], [noop_stage("one")]))
        assert client.summary("alone").status == "READY"
    assert behind([dict(entry) for entry in entries]) == [0, 0, 0]

    replica = RedisServer(tmp_path, "--replicaof", "127.0.0.1", str(redis_server.port))
    replica.start()
    patient = settings.model_copy(update={"redis": RedisSettings(min_replicas=1, wait_seconds=20)})
    try:
        wait_until(lambda: redis_client.info("replication")["connected_slaves"] == 1)
        with Client(patient) as client, capture_logs() as entries:
            client.submit(plan("two", [tenant("b")], [noop_stage("one")]))
            redis_client.script_flush()
            sent_whole = []
            for _ in range(2):
                with counted(redis_client) as work:
                    client.pause(plan_id="two")
                    client.resume(plan_id="two")
                sent_whole.append(work.whole)
        # Only what the server does not know is.
        assert sent_whole == [2, 0]
        assert behind([dict(entry) for entry in entries]) == []
        database = redis_client.connection_pool.connection_kwargs["db"]
        with redis.Redis.from_url(replica.url(database), decode_responses=True) as copy:
            assert copy.hget(Keys(settings.namespace).of("plan", "two"), "status") == "RUNNING"
    finally:
        replica.stop()


def test_what_a_new_master_does_not_know_waits_once_for_replicas_that_are_gone(
    settings: Settings, user_client: redis.Redis, redis_client: redis.Redis
) -> None:
    """However many chunks a renewal has."""
    safe = settings.model_copy(update={"redis": RedisSettings(min_replicas=1, wait_seconds=0.05)})
    ledger, turns = Ledger(user_client, safe), [Turn(f"absent.{number}", 1, 0, 1) for number in range(220)]
    redis_client.script_flush()
    with counted(redis_client) as work, capture_logs() as entries:
        assert ledger.renew(turns) == frozenset(turns)
    assert work.whole == 1
    assert behind([dict(entry) for entry in entries]) == [0]


def test_a_master_that_is_a_replica_now_is_away(
    settings: Settings, user_client: redis.Redis, redis_client: redis.Redis
) -> None:
    safe = settings.model_copy(update={"redis": RedisSettings(min_replicas=1, wait_seconds=0.05)})
    redis_client.script_flush()
    redis_client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(UNREACHABLE, match="READONLY"):
            Ledger(user_client, safe).renew([Turn("absent.0", 1, 0, 1)])
    finally:
        redis_client.replicaof("NO", "ONE")


def test_a_right_that_is_missing_is_told_as_that(
    settings: Settings, user_client: redis.Redis, redis_client: redis.Redis
) -> None:
    safe = settings.model_copy(update={"redis": RedisSettings(min_replicas=1, wait_seconds=0.05)})
    redis_client.acl_setuser("changeover", enabled=True, commands=["-wait"])
    try:
        with pytest.raises(NoPermissionError):
            Ledger(user_client, safe).renew([Turn("absent.0", 1, 0, 1)])
    finally:
        redis_client.acl_setuser("changeover", enabled=True, commands=["+wait"])
        redis_client.acl_log_reset()


def test_a_commands_word_in_the_log_is_not_among_its_json(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CHANGEOVER_REDIS__MIN_REPLICAS", "1")
    monkeypatch.setenv("CHANGEOVER_REDIS__WAIT_SECONDS", "0.05")
    # As in a process that has just begun.
    structlog.reset_defaults()
    with pytest.raises(SystemExit, match="0"):
        main(["freeze", "--tenant", "x", "--for", "1h", "--reason", "r", "--json"])
    structlog.reset_defaults()

    said = capsys.readouterr()
    assert json.loads(said.out)["inForce"]
    assert "too few replicas" in said.err
