"""Readiness as the processes' own entries in a real Redis tell it."""

from __future__ import annotations

import os

import pytest
import redis

from orchestrator.embedded import readiness
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence
from orchestrator.settings.model import Settings
from tests.support.place import Place
from tests.support.redis_server import free_port


def test_ready_when_every_pid_has_its_entry(place: Place, redis_client: redis.Redis, settings: Settings) -> None:
    is_ready = readiness.presence_check(place.redis_url, place.namespace)
    mine = {"redis": [1], "coordinator": [], "worker": [os.getpid()]}
    assert not is_ready(mine)
    worker = Presence(Ledger(redis_client, settings), "worker")
    worker.start()
    assert is_ready(mine)
    assert not is_ready({"coordinator": [os.getpid()], "worker": [os.getpid()]})
    assert not is_ready({"worker": [os.getpid(), 1]})
    worker.stop()
    assert not is_ready(mine)


def test_a_namesake_on_another_host_does_not_count(
    place: Place, redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Presence(Ledger(redis_client, settings), "worker")
    worker.start()
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    assert not readiness.presence_check(place.redis_url, place.namespace)({"worker": [os.getpid()]})
    worker.stop()


def test_nothing_is_ready_without_redis() -> None:
    assert not readiness.presence_check(f"redis://127.0.0.1:{free_port()}/0", "default")({"worker": []})


def test_the_health_check_of_a_container(
    place: Place, redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    assert readiness.main(["worker"]) == 1
    worker = Presence(Ledger(redis_client, settings), "worker")
    worker.start()
    assert readiness.main(["worker"]) == 0
    assert readiness.main(["coordinator"]) == 1
    assert readiness.main([]) == 2
    worker.stop()


def test_the_health_check_without_redis_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert readiness.main(["worker"]) == 1
    assert "127.0.0.1" in capsys.readouterr().err
