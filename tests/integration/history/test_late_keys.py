"""What comes to be between the walk over the keys and the dump's own moment is read, too; what is
left of a lost record is its plan's."""

from __future__ import annotations

import sys

import pytest
import redis

from orchestrator.history.key_walk import KeyWalk
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.grouped import submit
from tests.support.history import judged
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


def test_what_is_left_of_a_lost_record_belongs_to_its_plan(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings)
    world.plan("p", ["a", "b"])
    redis_client.delete(world.keys.of("task", "p.1"))
    redis_client.set(world.keys.of("config", "p.2"), "of none of its tasks")
    said = [str(one) for one in judged(redis_client, world.keys).violations]
    assert [one for one in said if one.startswith("I18: ")] == [
        "I18: the key config:p.2 belongs to nothing that the ledger knows, and stays for ever"
    ]
    assert "I10: p queues p.1, whose record is gone" in said
