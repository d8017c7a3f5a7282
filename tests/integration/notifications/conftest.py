"""A ledger without processes, and a receiver that takes whatever comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from orchestrator.settings.model import Settings
from tests.support.hooked import SECRET
from tests.support.instances import Instances, hang, says
from tests.support.ledger_world import LedgerWorld


@pytest.fixture(autouse=True)
def _signing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS_HOOK", SECRET)


@pytest.fixture
def world(user_client: redis.Redis, redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings, user_client)


@pytest.fixture
def server() -> Iterator[Instances]:
    with Instances({"/": says({}), "/hangs": hang}) as server:
        yield server
