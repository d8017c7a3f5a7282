"""Freezes at the edges: thousands that wait for one, damaged and lost records, windows that run out, repeats."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.domain.errors import InvalidInput, NotAllowed
from orchestrator.fleet.freezes import HORIZON_MS, Scope
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import ME, LedgerWorld


def test_thousands_come_back_in_bounded_batches(world: LedgerWorld) -> None:
    freeze_id = world.freeze()
    world.open("p", 250)
    world.ledger.write_chunk("p", "d", 0, [(f"t{i}", "{}") for i in range(250)])
    world.ledger.commit_plan("p", "d")
    world.serve("p")
    assert len(world.frozen(freeze_id)) == 250
    world.freezes.lift(freeze_id, ME)
    left = []
    while world.freezes.thaw(100):
        left.append(len(world.frozen(freeze_id)))
    assert left == [150, 50, 0]
    assert len(world.queue("p")) == 250
    world.check()


def test_who_is_stopped_again_while_others_are_put_back_is_looked_at_no_more(world: LedgerWorld) -> None:
    freeze_id = world.freeze()
    world.open("p", 90)
    world.ledger.write_chunk("p", "d", 0, [(f"t{i}", "{}") for i in range(90)])
    world.ledger.commit_plan("p", "d")
    world.serve("p")
    world.plan("q", ["a"])
    world.override("q")
    rounds = 0
    while world.freezes.thaw(40):
        rounds += 1
        world.serve("p")
        assert rounds < 10
    assert rounds == 3
    assert len(world.frozen(freeze_id)) == 90
    world.check()


def test_a_damaged_record_stops_all_until_it_is_lifted(hurt: LedgerWorld) -> None:
    freeze_id = hurt.freeze("eu-*")
    hurt.client.hset(hurt.keys.of("freezes"), freeze_id, "{")
    hurt.client.zadd(hurt.keys.of("freeze_times"), {freeze_id: 1})
    hurt.plan("p", ["us-1"])
    assert hurt.serve("p") == []
    assert FreezeDesk(hurt.freezes, hurt.reader).all("us-1")[0].sentence.startswith("its record is damaged")
    hurt.unfreeze(freeze_id)
    assert hurt.serve("p") == ["p.0"]


def test_windows_that_have_run_out_count_as_frozen_until_a_coordinator_works_them_out(world: LedgerWorld) -> None:
    day = time.gmtime(time.time() + 3 * 86400).tm_wday
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day]
    freeze_id = world.freeze(every=f"{name} 08:00-09:00 UTC", seconds=None)
    kept = json.loads(world.freezes.reads.all()[0].text)
    run_out = {**kept, "windows": [[1, 2]], "knownUntil": 3}
    world.client.hset(world.keys.of("freezes"), freeze_id, json.dumps(run_out))
    world.client.zadd(world.keys.of("freeze_times"), {freeze_id: 1})
    world.plan("p", ["a"])
    assert world.serve("p") == []
    assert FreezeDesk(world.freezes, world.reader).all()[0].in_force

    FreezeKeeper(world.freezes).step()
    record = world.freezes.reads.all()[0].record
    assert record is not None
    assert record.known_until_ms is not None
    assert record.known_until_ms > world.freezes.reads.told_now_ms() + HORIZON_MS - 60_000
    world.thaw()
    assert world.serve("p") == ["p.0"]
    stale = world.freezes.reads.all()[0]
    world.unfreeze(freeze_id)
    assert not world.freezes.top_up(stale, record)
    assert world.freezes.reads.all() == []


def test_there_is_a_bound_and_a_repeat_sets_nothing(world: LedgerWorld) -> None:
    desk, order = FreezeDesk(world.freezes, world.reader), Order("ada", "because")
    first = desk.set(Scope(), order, for_seconds=60)
    assert desk.set(Scope(), order, for_seconds=60).freeze_id == first.freeze_id
    assert len(world.freezes.reads.all()) == 1
    for index in range(199):
        world.freeze(f"t{index}")
    with pytest.raises(NotAllowed, match="there are 200 freezes"):
        desk.set(Scope(), Order("ada", "because"), for_seconds=60)
    # However many begin at once, no admission looks at more.
    world.client.zadd(world.keys.of("freeze_times"), {f"freeze-{n}": 1 for n in range(1, 201)})
    world.plan("p", ["x", "y"])
    assert world.serve("p") == []
    world.check()


def test_a_repeat_is_answered_as_the_first_time_and_an_id_serves_one_freeze(world: LedgerWorld) -> None:
    desk, order = FreezeDesk(world.freezes, world.reader), Order("ada", "because")
    first = desk.set(Scope("eu-*"), order, for_seconds=60)
    assert desk.set(Scope("eu-*"), replace(order, actor="bob", reason="mine"), for_seconds=60.0) == first
    other: list[dict[str, Any]] = [
        {"for_seconds": 86400},
        {"for_seconds": 60, "rollbacks_too": True},
        {"for_seconds": 60, "since": datetime(2030, 1, 1, tzinfo=UTC)},
        {"until": datetime(2030, 1, 1, tzinfo=UTC)},
    ]
    for more in other:
        with pytest.raises(InvalidInput, match=r"it was used to freeze tenants eu-\* for 60"):
            desk.set(Scope("eu-*"), order, **more)
    # Also when it is over, or lifted: what was answered was true.
    world.unfreeze(first.freeze_id)
    assert (desk.set(Scope("eu-*"), order, for_seconds=60), desk.all()) == (first, [])


def test_who_waits_for_a_freeze_that_a_hand_took_away_is_put_back(hurt: LedgerWorld) -> None:
    freeze_id = hurt.freeze()
    hurt.plan("p", ["a"])
    hurt.serve("p")
    for kind in ("freezes", "freezes_now", "freeze_times"):
        hurt.client.delete(hurt.keys.of(kind))
    Reconciler(hurt.ledger, hurt.reader.plan_ids).step()
    hurt.thaw()
    assert hurt.serve("p") == ["p.0"]
    assert not hurt.client.exists(hurt.keys.of("frozen", freeze_id))


def test_a_purged_plan_waits_for_nothing(hurt: LedgerWorld) -> None:
    freeze_id = hurt.freeze()
    hurt.plan("p", ["a"])
    hurt.serve("p")
    hurt.client.hdel(hurt.keys.of("plan", "p"), "status")
    position = 0
    while position >= 0:
        position, _ = hurt.ledger.lose_plan("p", position, 20)
    assert hurt.frozen(freeze_id) == []
