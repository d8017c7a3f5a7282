"""Damage to what many share, heartbeats, tenants, counters, drafts, ended plans, stops nobody else (I19)."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from orchestrator.coordinator.retention import Retention
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.presence import forget_gone
from orchestrator.ledger.purges import Purges
from tests.support.coordinating import Coordinating
from tests.support.hands import Hand, as_text, plan_key
from tests.support.ledger_world import LedgerWorld, config
from tests.support.waiting import wait_until

BEATS: dict[str, Hand] = {
    "a heartbeat that is no number": lambda hurt: hurt.client.hset(hurt.keys.of("task", "bad.0"), "beatAt", "x"),
    "a due time that is no number": lambda hurt: hurt.client.hset(hurt.keys.of("task", "bad.0"), "queuedAt", "x"),
    "a number of events that is none": lambda hurt: hurt.client.hset(plan_key(hurt), "planSeq", "garbage"),
    "a log that is none": lambda hurt: as_text(hurt, hurt.keys.of("log", "bad")),
}


@pytest.mark.parametrize("waits", [False, True], ids=["renewed", "held"])
@pytest.mark.parametrize("hand", BEATS.values(), ids=BEATS.keys())
def test_a_heartbeat_that_cannot_be_written_costs_no_other_its_lease(
    hurt: LedgerWorld, hand: Hand, waits: bool
) -> None:
    for plan in ("bad", "good"):
        hurt.started(plan, [plan])
        assert hurt.begin(f"{plan}.0") is Begun.BEGUN
        if waits:
            hurt.poll(f"{plan}.0", 0)
        hurt.client.hset(hurt.keys.of("task", f"{plan}.0"), "beatAt", 1)
    turns = [hurt.turn("bad.0"), hurt.turn("good.0")]
    hand(hurt)
    with capture_logs():
        if waits:
            hurt.ledger.hold(turns)
        else:
            hurt.expire("leases_running", "good.0")
            assert turns[1] not in hurt.ledger.renew(turns)
            assert (hurt.client.zscore(hurt.keys.of("leases_running"), "good.0") or 0) > hurt.reader.now_ms()
    assert int(hurt.task("good.0")["beatAt"]) > 1
    # A log that cannot be written makes no gap in what everybody else reads.
    feed = [event.sequence_id for event in hurt.events()]
    assert feed == list(range(1, len(feed) + 1))


@pytest.mark.parametrize("kind", ["tenant", "line"])
def test_a_damaged_tenant_stops_no_other_of_its_plan_and_no_other_line(hurt: LedgerWorld, kind: str) -> None:
    coordinating = Coordinating(hurt)
    hurt.started("holder", ["a", "b"], max_concurrency=2)
    hurt.plan("p", ["a", "b", "c"], max_concurrency=3)
    coordinating.settle()
    assert hurt.status("p.2") == "RUNNING"
    as_text(hurt, hurt.keys.of(kind, "a"))
    hurt.client.hdel(hurt.keys.of("tenant", "b"), "holder")
    with capture_logs():
        for _ in range(3):
            coordinating.look()
            hurt.sweeper.sweep()
            coordinating.settle()
    assert hurt.holder("b") == "p.1"


@pytest.mark.parametrize(
    "hand",
    [
        lambda hurt: hurt.client.set(hurt.keys.of("counters"), "garbage"),
        lambda hurt: hurt.client.hset(hurt.keys.of("counters"), "event:TaskStarted", "x"),
    ],
)
def test_what_only_counts_stops_nothing(hurt: LedgerWorld, hand: Hand) -> None:
    hurt.client.delete(hurt.keys.of("counters"))
    hand(hurt)
    (task,) = hurt.started("p", ["a"])
    assert hurt.finish(task) is Ended.COMPLETED


def test_two_never_go_on_with_one_tenant_whose_record_was_lost(hurt: LedgerWorld) -> None:
    coordinating = Coordinating(hurt)
    hurt.started("p", ["a"])
    assert hurt.begin("p.0") is Begun.BEGUN
    hurt.client.delete(hurt.keys.of("tenant", "a"))
    hurt.plan("q", ["a"])
    coordinating.settle()
    assert hurt.holder("a") == "q.0"
    with capture_logs():
        assert hurt.turn("p.0") in hurt.ledger.renew([hurt.turn("p.0")])
        assert hurt.succeed("p.0") is Ended.STALE
        assert hurt.begin("p.0") is Begun.STALE
        coordinating.reconcile()
    failure = hurt.task("p.0")["failure"]
    assert "TenantLost" in failure
    assert "q.0 holds the tenant now" in failure
    assert hurt.status("q.0") == "RUNNING"
    assert hurt.finish("q.0") is Ended.COMPLETED


DRAFTS: dict[str, Hand] = {
    "task": lambda hurt: as_text(hurt, hurt.keys.of("task", "bad.0")),
    "tenant": lambda hurt: as_text(hurt, hurt.keys.of("tenant", "bad")),
    "plan": lambda hurt: as_text(hurt, hurt.keys.of("plan", "bad")),
    "log": lambda hurt: as_text(hurt, hurt.keys.of("log", "bad")),
    "written": lambda hurt: hurt.client.hset(plan_key(hurt), "written", "x"),
}


@pytest.mark.parametrize("hand", DRAFTS.values(), ids=DRAFTS.keys())
def test_a_damaged_draft_keeps_no_other(hurt: LedgerWorld, hand: Hand) -> None:
    for plan in ("bad", "good"):
        hurt.open(plan, 2)
        hurt.ledger.write_chunk(plan, "d", 0, [(plan, config(plan, plan))])
    hand(hurt)
    wait_until(lambda: hurt.ledger.call("abandon_draft", 1, 100) and not hurt.client.zcard(hurt.keys.of("drafts")), 10)


ENDED: dict[str, Hand] = {
    **DRAFTS,
    "planSeq": lambda hurt: hurt.client.hset(plan_key(hurt), "planSeq", "x"),
    "presence": lambda hurt: hurt.client.hset(hurt.keys.of("presence"), "junk", "junk"),
    "an entry of presence": lambda hurt: hurt.client.hset(hurt.keys.of("presence"), "worker:h:1", "{}"),
}


@pytest.mark.parametrize("hand", ENDED.values(), ids=ENDED.keys())
def test_a_damaged_plan_that_has_ended_keeps_no_other(hurt: LedgerWorld, hand: Hand) -> None:
    for plan in ("bad", "good"):
        hurt.started(plan, [plan])
        hurt.finish(f"{plan}.0")
    hand(hurt)
    keys = hurt.keys
    retention = Retention(Purges(hurt.ledger), hurt.reader, 0, None, lambda: forget_gone(hurt.client, keys))
    with capture_logs():
        for _ in range(3):
            retention.step()
    assert not hurt.client.exists(keys.of("plan", "good"), keys.of("task", "good.0"))
    assert hurt.client.hlen(keys.of("presence")) == 0


@pytest.mark.parametrize("kind", ["leases_running", "leases_queued"])
def test_a_former_holder_takes_its_tenant_from_nobody(hurt: LedgerWorld, kind: str) -> None:
    hurt.started("p", ["a"])
    if kind == "leases_running":
        hurt.begin("p.0")
    hurt.started("q", ["a"])
    hurt.client.delete(hurt.keys.of("tenant", "a"))
    hurt.sweeper.sweep()
    hurt.serve("q")
    assert hurt.holder("a") == "q.0"
    hurt.expire(kind, "p.0")
    hurt.sweeper.sweep()
    assert "q.0 holds the tenant now" in hurt.task("p.0")["failure"]
    assert hurt.finish("q.0") == "COMPLETED"
    assert {hurt.status("p"), hurt.status("q")} == {"FAILED", "COMPLETED"}


def test_the_epoch_of_a_tenant_is_put_right(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"])
    hurt.client.hset(hurt.keys.of("tenant", "a"), "epoch", 99)
    assert hurt.begin("p.0") == "STALE"
    assert hurt.ledger.call("reconcile", "p", 0, 100)[2] == [["p.0", "epoch of a tenant"]]
    assert hurt.finish("p.0") == "COMPLETED"
    hurt.check()


def test_a_config_that_is_gone_leaves_no_move_half_done(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"], stages=["one"])
    hurt.begin("p.0")
    hurt.client.delete(hurt.keys.of("config", "p.0"))
    assert hurt.succeed("p.0") == "COMPLETED"
    assert hurt.status("p") == "COMPLETED"
    assert "good" not in hurt.reader.tenant_records(["a"])[0]


def test_an_end_that_a_fault_cut_short_is_made_up_for(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"])
    hurt.finish("p.0")
    hurt.client.hset(hurt.keys.of("plan", "p"), "status", "RUNNING")
    hurt.client.hdel(hurt.keys.of("plan", "p"), "endedAt", "durationMillis")
    hurt.client.zrem(hurt.keys.of("ended"), "p")
    assert hurt.ledger.call("reconcile", "p", 0, 100)[2] == [["p", "not settled"]]
    assert hurt.status("p") == "COMPLETED"
    hurt.client.zrem(hurt.keys.of("ended"), "p")
    assert hurt.ledger.call("reconcile", "p", 0, 100)[2] == [["p", "end not filed"]]
    hurt.started("q", ["b"])
    hurt.client.delete(hurt.keys.of("active"))
    assert hurt.ledger.call("reconcile", "q", 0, 100)[2] == [["q", "not active"]]
    assert hurt.ledger.call("reconcile", "q", 0, 100)[2] == []
