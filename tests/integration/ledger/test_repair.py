"""The reconciler repairs a doctored ledger and counts it; a forced release frees a tenant and fences its holder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.domain.errors import InvalidInput, NotFound
from orchestrator.ledger import inbox
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings
from tests.support.bare_ledger import BareLedger


@pytest.fixture
def bare(redis_client: redis.Redis, settings: Settings) -> Iterator[BareLedger]:
    bare = BareLedger(redis_client, settings)
    yield bare
    bare.client.close()


def reconcile(bare: BareLedger) -> int:
    """One whole walk; answers how much it repaired."""
    before = bare.repairs()
    reconciler = Reconciler(bare.ledger, Reader(bare.redis, bare.keys).plan_ids)
    while not reconciler.step():
        pass
    return bare.repairs() - before


def leaked_slot(bare: BareLedger) -> None:
    bare.redis.sadd(bare.keys.of("slots", "p"), "p.2")


def leaked_tenant(bare: BareLedger) -> None:
    bare.redis.hset(bare.keys.of("tenant", "t2"), "holder", "p.2")


def in_no_queue(bare: BareLedger) -> None:
    bare.redis.zrem(bare.keys.of("queue", "p"), "p.2")


def stale_lease(bare: BareLedger) -> None:
    bare.redis.zadd(bare.keys.of("leases_running"), {"p.0": 1})


def entry_of_an_ended_task(bare: BareLedger) -> None:
    bare.redis.zadd(bare.keys.of("queue", "p"), {"p.0": 1})


def lost_slot(bare: BareLedger) -> None:
    bare.redis.srem(bare.keys.of("slots", "p"), "p.1")


def lost_tenant(bare: BareLedger) -> None:
    bare.redis.hdel(bare.keys.of("tenant", "t1"), "holder", "epoch")


def lost_lease(bare: BareLedger) -> None:
    bare.redis.zrem(bare.keys.of("leases_running"), "p.1")


FAULTS = [
    leaked_slot,
    leaked_tenant,
    in_no_queue,
    stale_lease,
    entry_of_an_ended_task,
    lost_slot,
    lost_tenant,
    lost_lease,
]


@pytest.mark.parametrize("doctor", FAULTS)
def test_each_disagreement_is_repaired_and_counted(bare: BareLedger, doctor: Callable[[BareLedger], None]) -> None:
    # Task 0 has ended, 1 runs, 2 waits.
    bare.submit(3, max_concurrency=1)
    bare.run(bare.admit()[0])
    bare.begin(bare.admit()[0])
    bare.assert_holds()
    assert reconcile(bare) == 0

    doctor(bare)

    assert reconcile(bare) == 1
    bare.assert_holds()
    assert reconcile(bare) == 0


def test_paused_and_resumed_tasks_are_left_alone(bare: BareLedger) -> None:
    bare.submit(3, max_concurrency=2)
    first, _ = bare.admit()
    bare.client.pause(task_id="p.0")
    bare.client.pause(task_id="p.2")
    begun, _ = bare.begin(first)
    assert begun is Begun.PAUSED
    assert reconcile(bare) == 0
    bare.client.resume(task_id="p.0")
    assert reconcile(bare) == 0
    bare.assert_holds()


def test_release_is_refused_while_the_holder_is_alive(bare: BareLedger) -> None:
    bare.submit(1)
    _, turn = bare.begin(bare.admit()[0])

    refused = bare.client.release_tenant("t0", reason="stuck")
    assert (refused.accepted, refused.status) == (False, "RUNNING")
    assert refused.message == "task p.0, which holds it, is alive; --force takes it all the same"

    done = bare.client.release_tenant("t0", reason="stuck", actor="ann", force=True)

    assert (done.accepted, done.status) == (True, "FAILED")
    # The old holder is fenced off, whatever it tries.
    assert bare.ledger.advance(turn, "{}", healthy=True, config={}).ended is Ended.STALE
    assert bare.ledger.renew([turn]) == {turn}
    failure = bare.client.task_status("p.0").failure_info
    assert failure is not None
    assert (failure.type, failure.message) == ("Released", "released by ann: stuck")
    asked = [event for event in bare.client.events("p") if event.type == "OperationRequested"]
    assert [(event.operation, event.actor, event.reason) for event in asked] == [("release", "ann", "stuck")]
    bare.assert_holds(ended=True)


def test_release_of_a_holder_that_is_gone_wakes_the_next(bare: BareLedger) -> None:
    bare.submit(1)
    bare.begin(bare.admit()[0])
    bare.submit(1, plan_id="q")
    assert bare.admit("q") == []
    bare.redis.zadd(bare.keys.of("leases_running"), {"p.0": 1})

    assert bare.client.release_tenant("t0", reason="gone").accepted

    assert [task.task_id for task in bare.admit("q")] == ["q.0"]
    bare.assert_holds()


def test_release_while_rolling_back(bare: BareLedger) -> None:
    bare.submit(1)
    bare.run(bare.admit()[0])
    bare.client.rollback(plan_id="p")
    bare.client.rollback(task_id="p.0")
    bare.ledger.call("rollback_chunk", "p", 10)
    bare.begin(bare.admit()[0])
    done = bare.client.release_tenant("t0", reason="stuck", force=True)
    assert done.status == "ROLLBACK_FAILED"
    bare.assert_holds(ended=True)


def test_release_says_why_not(bare: BareLedger) -> None:
    bare.submit(1)
    assert bare.client.release_tenant("t0", reason="x").message == "nobody holds it"
    with pytest.raises(NotFound):
        bare.client.release_tenant("nobody", reason="x")
    with pytest.raises(InvalidInput):
        bare.client.release_tenant("t0", reason=" ")
    task = bare.admit()[0]
    bare.client.pause(task_id="p.0")
    bare.begin(task)
    assert "changeover cancel --task p.0" in bare.client.release_tenant("t0", reason="x", force=True).message


def test_a_begin_whose_reply_was_lost_begins_again_for_its_own_delivery_only(bare: BareLedger) -> None:
    bare.submit(1)
    task = bare.admit()[0]
    assert bare.begin(task, "w/1")[0] is Begun.BEGUN
    assert bare.begin(task, "w/1")[0] is Begun.BEGUN
    assert bare.begin(task, "w/2")[0] is Begun.COPY
    started = [event for event in bare.client.events("p") if event.type == "TaskStageStarted"]
    assert len(started) == 1


def test_two_sweepers_answer_one_overdue_lease_once(bare: BareLedger) -> None:
    bare.submit(3)
    for task in bare.admit():
        bare.begin(task)
    bare.redis.zadd(bare.keys.of("leases_running"), {f"p.{i}": 1 for i in range(3)})
    published: list[str] = []
    for _ in range(2):
        Sweeper(bare.ledger, lambda tasks: published.extend(task.task_id for task in tasks)).sweep()
    assert sorted(published) == ["p.0", "p.1", "p.2"]
    bare.assert_holds()


def test_a_script_flushed_between_load_and_call_is_sent_whole(
    bare: BareLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flushed(*_: object, **__: object) -> None:
        raise NoScriptError("No matching script. Please use EVAL.")

    monkeypatch.setattr(Script, "__call__", flushed)
    bare.submit(1)
    bare.run(bare.admit()[0])
    bare.assert_holds(ended=True)


def test_what_a_dead_coordinator_had_read_is_taken_over(bare: BareLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, living = (Inbox(bare.redis, bare.keys, name) for name in ("dead", "living"))
    assert dead.read(0.01).entries == ()
    bare.submit(1)
    assert dead.read(0.01).entries != ()
    assert living.tidy().entries == ()
    monkeypatch.setattr(inbox, "LEFT_SECONDS", 0)
    monkeypatch.setattr(inbox, "GONE_SECONDS", -1)

    wakes = living.tidy()

    assert len(wakes.entries) == 1
    living.done(wakes)
    assert bare.redis.xlen(bare.keys.of("inbox")) == 0
    assert [one["name"] for one in bare.redis.xinfo_consumers(bare.keys.of("inbox"), inbox.GROUP)] == ["living"]
