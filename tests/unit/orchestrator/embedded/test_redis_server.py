from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.errors import Unreachable
from orchestrator.embedded import redis_server as embedded_redis


def test_without_any_binary_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unreachable, match="install Redis"):
        embedded_redis.find_server_binary()


def test_a_server_on_path_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/opt/{name}" if name == "valkey-server" else None)
    assert embedded_redis.find_server_binary() == Path("/opt/valkey-server")
