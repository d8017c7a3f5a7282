"""A world on a real ledger, whose invariants are checked after every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
import redis

from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    world = LedgerWorld(redis_client, settings, user_client)
    yield world
    world.check()


@pytest.fixture
def hurt(place: Place, settings: Settings) -> Iterator[LedgerWorld]:
    """Its ledger is damaged on purpose: what must hold is what the tests say. It reads as Changeover does."""
    with redis.Redis.from_url(place.admin_url, decode_responses=True, encoding_errors="replace") as client:
        yield LedgerWorld(client, settings)


@pytest.fixture
def worlds(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> Callable[[], LedgerWorld]:
    """A new namespace at each call."""
    numbers = count()

    def world() -> LedgerWorld:
        namespace = f"{settings.namespace}-{next(numbers)}"
        return LedgerWorld(redis_client, settings.model_copy(update={"namespace": namespace}), user_client)

    return world
