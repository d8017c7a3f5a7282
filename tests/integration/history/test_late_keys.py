"""What comes to be between the walk over the keys and the dump's own moment is read, too."""

from __future__ import annotations

import sys

import pytest
import redis

from orchestrator.history.key_walk import KeyWalk
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.grouped import submit
from tests.support.ledger_world import LedgerWorld


def test_keys_that_come_after_the_walk(
    redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant, its group and its plan's own group, their line, and a freeze that is waited for."""
    world = LedgerWorld(redis_client, settings)
    world.limit_groups({"db": 1})
    submit(world, "p", ["a", "b"], limit=2)
    submit(world, "q", ["c"])
    walks: list[KeyWalk] = []

    class Late(KeyWalk):
        def __init__(self, client: redis.Redis, keys: Keys) -> None:
            super().__init__(client, keys)
            walks.append(self)
            if len(walks) == 1:
                world.serve("p")
                world.begin("p.0")
            elif len(walks) == 2:
                world.freeze("c")
                world.serve("q")

    monkeypatch.setattr(sys.modules["orchestrator.history.read_dump"], "KeyWalk", Late)
    world.check()
    world.check()
    assert len(walks) == 3, "only a new freeze is walked for again"
