"""What dead coordinators and workers leave behind goes (I18)."""

from __future__ import annotations

import json
from typing import Any, cast

from orchestrator.ledger import inbox as inboxes
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.presence import GONE_SECONDS, forget_gone, processes
from tests.support.ledger_world import LedgerWorld


def pending(world: LedgerWorld) -> int:
    return int(cast(Any, world.client.xpending(world.keys.of("inbox"), inboxes.GROUP))["pending"])


def test_a_coordinator_that_leaves_with_unfinished_wakes_hands_them_on(world: LedgerWorld, monkeypatch: Any) -> None:
    monkeypatch.setattr(inboxes, "LEFT_SECONDS", 0.0)
    leaving, staying = (Inbox(world.client, world.keys, name) for name in ("leaving", "staying"))
    leaving.read(0.001)
    world.plan("p", ["a"])
    assert leaving.read(0.001).entries != ()
    leaving.leave()
    wakes = staying.tidy()
    assert len(wakes.entries) == 1
    staying.done(wakes)
    assert (pending(world), world.client.xlen(world.keys.of("inbox"))) == (0, 0)
    leaving.leave()
    staying.leave()
    assert world.client.xinfo_consumers(world.keys.of("inbox"), inboxes.GROUP) == []


def test_wakes_that_were_cut_off_do_not_stay_pending(world: LedgerWorld, monkeypatch: Any) -> None:
    monkeypatch.setattr(inboxes, "LEFT_SECONDS", 0.0)
    dead, alive = (Inbox(world.client, world.keys, name) for name in ("dead", "alive"))
    dead.read(0.001)
    world.plan("p", ["a"])
    dead.read(0.001)
    world.client.xtrim(world.keys.of("inbox"), maxlen=0)
    assert alive.tidy().entries == ()
    assert pending(world) == 0


def test_a_process_that_was_killed_is_forgotten_in_time(world: LedgerWorld) -> None:
    key = world.keys.of("presence")
    seconds = int(cast(Any, world.client.time())[0])
    for pid, age in ((1, GONE_SECONDS + 60), (2, GONE_SECONDS - 60)):
        entry = json.dumps({"at": (seconds - age) * 1000, "queues": []})
        world.client.hset(key, f"worker:here:{pid}", entry)
    assert forget_gone(world.client, world.keys) == 1
    assert [process.pid for process in processes(world.client, world.keys)] == [2]
