"""A world on a real ledger, whose invariants are checked after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    world = LedgerWorld(redis_client, settings, user_client)
    yield world
    world.check()
