"""A state changes with its event, or not at all, where a hand has damaged the number of a plan's last event."""

from __future__ import annotations

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.ledger.outcomes import Begun, Ended
from tests.support.coordinating import Coordinating
from tests.support.hands import plan_key
from tests.support.ledger_world import FAILURE, LedgerWorld, config


@pytest.mark.parametrize("number", ["garbage", "1.5", "1e3", "007", "9" * 30])
def test_a_state_changes_with_its_events_or_not_at_all(hurt: LedgerWorld, number: str) -> None:
    coordinating = Coordinating(hurt)
    hurt.plan("bad", ["a", "b"], max_concurrency=1)
    coordinating.settle()
    assert hurt.begin("bad.0") is Begun.BEGUN
    right = hurt.client.hget(plan_key(hurt), "planSeq")
    hurt.client.hset(plan_key(hurt), "planSeq", number)
    before, events = hurt.task("bad.0"), hurt.now()

    assert hurt.advance("bad.0").ended is Ended.STALE
    assert hurt.ledger.fail(hurt.turn("bad.0"), FAILURE) is Ended.STALE

    assert hurt.task("bad.0") == before
    assert hurt.now() == events
    assert hurt.reader.damaged_plans() == [("bad", f"its planSeq is {number!r}, not a number")]
    # The lease runs out meanwhile; mended, it goes on to its end.
    hurt.expire("leases_running", "bad.0")
    hurt.sweeper.sweep()
    hurt.client.hset(plan_key(hurt), "planSeq", str(right))
    with capture_logs():
        for _ in range(20):
            coordinating.reconcile()
    assert hurt.begin("bad.0") is Begun.BEGUN
    assert hurt.finish_turn("bad.0") is Ended.COMPLETED
    coordinating.settle()
    hurt.finish("bad.1")
    assert hurt.status("bad") == "COMPLETED"


@pytest.mark.parametrize("committed", [False, True])
def test_a_plan_starts_with_its_event_or_not_at_all(hurt: LedgerWorld, committed: bool) -> None:
    hurt.open("bad", 1)
    hurt.ledger.write_chunk("bad", "d", 0, [("a", config("a", "bad"))])
    if committed:
        hurt.ledger.commit_plan("bad", "d")
    hurt.client.hset(plan_key(hurt), "planSeq", "garbage")
    before = hurt.reader.plan_record("bad")
    with pytest.raises(redis.exceptions.ResponseError):
        hurt.ledger.admit("bad", 1) if committed else hurt.ledger.commit_plan("bad", "d")
    assert hurt.reader.plan_record("bad") == before
