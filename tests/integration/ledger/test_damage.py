"""A damaged plan, task, wake or key of the ledger stops nobody else (I19)."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.ledger.connection import connect
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.settings.model import Settings
from tests.support.coordinating import Coordinating
from tests.support.hands import HANDS, Hand, as_text, plan_key
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.place import Place


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_a_damaged_plan_stops_no_other(hurt: LedgerWorld, hand: Hand) -> None:
    coordinating = Coordinating(hurt)
    # The damaged one comes first wherever plans come in order.
    hurt.plan("bad", ["a", "b", "c"], max_concurrency=2)
    hurt.plan("good", ["d", "e", "f"], max_concurrency=2)
    coordinating.settle()
    assert hurt.begin("bad.0") is Begun.BEGUN
    assert hurt.begin("good.0") is Begun.BEGUN
    begun = [hurt.turn("bad.0"), hurt.turn("good.0")]
    hand(hurt)
    # Whoever renews in one call for a damaged task and others keeps the others.
    assert begun[1] not in hurt.ledger.renew(begun)
    for task_id in ("bad.0", "good.0"):
        hurt.expire("leases_running", task_id)
    for task_id in ("bad.1", "good.1"):
        hurt.expire("leases_queued", task_id)
    with capture_logs():
        hurt.published.clear()
        hurt.sweeper.sweep()
        hurt.sweeper.sweep()
        assert {"good.0", "good.1"} <= {task.task_id for task in hurt.published}
        hurt.begin("good.0")
        assert hurt.finish_turn("good.0") is Ended.COMPLETED
        for _ in range(3):
            coordinating.look()
            coordinating.settle()
        assert hurt.status("good.2") == "RUNNING"
        for task_id in ("good.1", "good.2"):
            assert hurt.finish(task_id) is Ended.COMPLETED
        coordinating.settle()
        for _ in range(20):
            coordinating.reconcile()
    assert hurt.status("good") == "COMPLETED"


def test_a_plan_whose_record_is_gone_is_taken_out_with_what_it_held(hurt: LedgerWorld) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("bad", ["a", "b", "c"], max_concurrency=2)
    hurt.plan("good", ["a", "d"], max_concurrency=2)
    coordinating.settle()
    assert hurt.line("a") == ["good.0"]
    hurt.client.delete(plan_key(hurt))
    # Nothing wakes it: the slow walk over the active plans finds it.
    with capture_logs() as logs:
        coordinating.look()
        coordinating.settle()
    assert [line["tenantsFreed"] for line in logs if line.get("action") == "plan-lost"] == [["a", "b"]]
    assert "bad" not in hurt.reader.active_plans()
    assert hurt.holder("a") == "good.0"
    assert hurt.holder("b") is None
    for kind in ("queue", "slots", "plan"):
        assert not hurt.client.exists(hurt.keys.of(kind, "bad"))
    for kind in ("leases_queued", "leases_running"):
        assert not [task for task in hurt.client.zrange(hurt.keys.of(kind), 0, -1) if str(task).startswith("bad")]
    # Nothing of it is left that a plan of the same id could meet; which goes on counting where this one stopped.
    left = {str(key).removeprefix(hurt.keys.root) for key in hurt.client.keys("*") if "bad" in str(key)}
    assert left == {"plan-seq:bad"}
    seen = max(event.plan_sequence_id for event in hurt.events() if event.plan_id == "bad")
    hurt.plan("bad", ["b"])
    assert min(event.plan_sequence_id for event in hurt.reader.events("bad", 0)) == seen + 1
    hurt.ask("cancel", "bad")
    coordinating.settle()
    # Done once.
    with capture_logs() as logs:
        for _ in range(3):
            coordinating.look()
    assert not [line for line in logs if line.get("action") == "plan-lost"]


def test_a_large_lost_plan_goes_in_bounded_steps(hurt: LedgerWorld) -> None:
    hurt.plan("bad", [f"t{i}" for i in range(250)], max_concurrency=150)
    hurt.serve("bad")
    hurt.client.delete(plan_key(hurt))
    position, freed, steps = 0, 0, 0
    while position >= 0:
        position, tenants = hurt.ledger.lose_plan("bad", position, 100)
        assert len(tenants) <= 100
        freed, steps = freed + len(tenants), steps + 1
    assert (freed, steps) == (150, 4)
    assert hurt.ledger.lose_plan("bad", 0, 100) == (-1, [])


def test_a_plan_with_a_record_is_never_taken_out(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"])
    before = hurt.dump()
    assert hurt.ledger.lose_plan("p", 0, 100) == (-1, [])
    assert hurt.dump() == before


@pytest.mark.parametrize("entry", [{"nothing": "of ours"}, {"plan": "nobody"}, {"task": "garbage"}, {"task": "good.0"}])
def test_a_wake_that_is_garbage_stops_no_other(hurt: LedgerWorld, entry: dict[Any, Any]) -> None:
    coordinating = Coordinating(hurt)
    coordinating.round()
    hurt.client.hset(hurt.keys.of("task", "garbage"), mapping={"status": "RUNNING", "lease": "queued", "stage": "x"})
    hurt.client.xadd(hurt.keys.of("inbox"), entry)
    hurt.plan("good", ["a"])
    with capture_logs():
        coordinating.settle()
    assert hurt.status("good.0") == "RUNNING"
    assert hurt.client.xlen(hurt.keys.of("inbox")) == 0


def test_a_wake_that_is_no_text_stops_no_other(
    hurt: LedgerWorld, redis_client: redis.Redis, place: Place, settings: Settings
) -> None:
    # As a coordinator connects.
    with connect(place.redis_url, patient=True) as client:
        coordinating = Coordinating(LedgerWorld(client, settings))
        redis_client.xadd(hurt.keys.of("inbox"), {b"\xff": b"\xfe", b"task": b"\xfe.0"})
        hurt.plan("good", ["a"])
        coordinating.settle()
    assert hurt.status("good.0") == "RUNNING"
    assert redis_client.xlen(hurt.keys.of("inbox")) == 0


def test_an_inbox_that_is_no_stream_costs_promptness_only(hurt: LedgerWorld) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("good", ["a"])
    as_text(hurt, hurt.keys.of("inbox"))
    with capture_logs() as logs:
        coordinating.settle()
    assert hurt.status("good.0") == "RUNNING"
    assert [line["what"] for line in logs if line.get("action") == "passed-by"] == ["the inbox"]


def test_what_failed_is_left_alone_ever_longer_and_goes_on_when_mended(hurt: LedgerWorld) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("bad", ["a"])
    hurt.client.hset(plan_key(hurt), "max", "garbage")
    with capture_logs() as logs:
        for _ in range(30):
            coordinating.look()
    # 60 s of its clock, in which it was tried at once and after 1, 2, 4, 8, 16 s, at the next look; and told once.
    assert sum(line.get("action") == "passed-by" for line in logs) == 1
    hurt.client.hset(plan_key(hurt), "max", 1)
    coordinating.seconds += 60.0
    coordinating.look()
    assert hurt.status("bad.0") == "RUNNING"


MAY_START = {
    "no names of stages",
    "no spec",
    "a next task without fields",
    "no config",
}
"""Hands that leave the waiter what an admission needs: the tenant is its own by right."""


@pytest.mark.parametrize("slots", [pytest.param(1, marks=long), 4])
@pytest.mark.parametrize("name", HANDS)
def test_a_damaged_waiter_keeps_no_tenant_from_those_behind_it(hurt: LedgerWorld, name: str, slots: int) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("other", ["a"])
    coordinating.settle()
    hurt.plan("bad", ["a", "b", "c", "d"], max_concurrency=slots)
    coordinating.settle()
    hurt.plan("good", ["a", "x"], max_concurrency=2)
    coordinating.settle()
    assert hurt.line("a") == ["bad.0", "good.0"]
    assert hurt.begin("other.0") is Begun.BEGUN
    HANDS[name](hurt)
    with capture_logs():
        assert hurt.finish_turn("other.0") is Ended.COMPLETED
        for _ in range(3):
            coordinating.look()
            coordinating.settle()
            hurt.sweeper.sweep()
    assert hurt.status("other") == "COMPLETED"
    assert hurt.holder("a") == ("bad.0" if name in MAY_START else "good.0")


@pytest.mark.parametrize("kind", ["tenant", "line"])
def test_a_damaged_tenant_is_told_once_while_it_lasts(hurt: LedgerWorld, kind: str) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("p", ["a", "b"])
    as_text(hurt, hurt.keys.of(kind, "a"))
    with capture_logs() as logs:
        for _ in range(20):
            coordinating.look()
            coordinating.reconcile()
    told = [line["event"] for line in logs if line["log_level"] == "error"]
    # By the admission and by the reconciler.
    assert 1 <= len(told) <= 2, told
    assert hurt.status("p.1") == "RUNNING"
