"""The checker against a real ledger that a hand has damaged: at this moment, each kind of damage is named."""

from __future__ import annotations

from typing import Any, Final

import pytest
import redis

from orchestrator.history import Report, StageMessages, read_dump
from orchestrator.history.bound_rules import check_bounds
from orchestrator.settings.model import Settings
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld

Command = tuple[str, ...]

DAMAGE: Final[dict[str, Command]] = {
    # holders and slots
    "I1: p.1 is RUNNING without its tenant b, held by None": ("HDEL", "tenant:b", "holder"),
    "I1: a is held by p.0, which is COMPLETED": ("HSET", "tenant:a", "holder", "p.0"),
    "I1: a is held by p.1, which is no task of it": ("HSET", "tenant:a", "holder", "p.1"),
    "I2: p has 2 slots taken of 1": ("HSET", "plan:p", "max", "1"),
    "I2: p: tasks that run without a slot: ['p.1']": ("SREM", "slots:p", "p.1"),
    "I10: p: slots of tasks that do not run: ['p.0']": ("SADD", "slots:p", "p.0"),
    "I10: p.0 is COMPLETED and still holds a": ("HSET", "tenant:a", "holder", "p.0"),
    "I10: a is held by nobody and still has an epoch or a since": ("HSET", "tenant:a", "since", "1"),
    # order
    "I3: p queues p.3 at 1, its own rank is 2000000000003": ("ZADD", "queue:p", "XX", "1", "p.3"),
    "I3: p queues p.3 at 1, though a rollback is asked for: False": ("ZADD", "queue:p", "XX", "1", "p.3"),
    "I3: e has q.0 in its line at 3, which is PENDING": ("ZADD", "line:e", "3", "q.0"),
    "I3: e has q.1 in its line at 3, which is RUNNING": ("ZADD", "line:e", "3", "q.1"),
    "I10: p queues p.0, which is COMPLETED and waits for nothing": ("ZADD", "queue:p", "2000000000000", "p.0"),
    "I10: p.0 is COMPLETED and still in the line of a": ("ZADD", "line:a", "1000000000009", "p.0"),
    "I9: p.3 is PENDING, waits, and stands in no queue and no line": ("ZREM", "queue:p", "p.3"),
    "I9: b has a line of 0, and is still swept for one": ("ZADD", "lined", "1", "b"),
    "I9: a has a line of 1, and is swept for one": ("ZADD", "line:a", "1000000000009", "p.0"),
    # pause, leases, epochs
    "I5: p counts p.1 as paused by it, which is RUNNING": ("SADD", "plan-paused:p", "p.1"),
    "I5: p is PAUSED with 2 tasks running": ("HSET", "plan:p", "status", "PAUSED"),
    "I9: p.1 is RUNNING with leases [], its record says queued": ("ZREM", "leases-queued", "p.1"),
    "I9: p.1 is RUNNING with leases ['queued', 'running']": ("ZADD", "leases-running", "9e12", "p.1"),
    "I9: p.1 is RUNNING with leases ['queued'], its record says running": ("HSET", "task:p.1", "lease", "running"),
    "I9: the queued lease of p.1 is overdue": ("ZADD", "leases-queued", "1", "p.1"),
    "I8: b has epoch 1, its holder": ("HSET", "tenant:b", "epoch", "1"),
    "I8: p.1 has epoch 99, above the counter's": ("HSET", "task:p.1", "epoch", "99"),
    # ends
    "I10: p.0 is COMPLETED and still has a lease or a deadline": ("ZADD", "deadlines", "1", "p.0"),
    "I10: p.0 is COMPLETED and still has a checkpoint": ("SET", "checkpoint:p.0", "{}"),
    "I10: p.0 is COMPLETED and its record still has ['worker']": ("HSET", "task:p.0", "worker", "w"),
    "I10: p.0 is COMPLETED and its record still has ['cursor']": ("HSET", "task:p.0", "cursor", "{}"),
    "I10: p.0 is COMPLETED and its record still has ['rank']": ("HSET", "task:p.0", "rank", "1"),
    "I10: p.3 is PENDING and its record still has ['cancelRequested']": ("HSET", "task:p.3", "cancelRequested", "1"),
    "I12: p is COMPLETED with 3 tasks open": ("HSET", "plan:p", "status", "COMPLETED"),
    "I9: q is COMPLETED and looked after": ("HSET", "plan:q", "status", "COMPLETED"),
    "I9: p is RUNNING and not looked after": ("SREM", "active", "p"),
    "I9: idle could go on and has no turn to come": ("ZREM", "ready", "idle"),
    "I9: done is RUNNING with nothing open": ("HSET", "plan:done", "status", "RUNNING"),
    "I11: p is RUNNING and still counts as a draft": ("ZADD", "drafts", "1", "p"),
    "I12: p.1 is RUNNING and its checkpoint expires": ("SET", "checkpoint:p.1", "{}", "EX", "100"),
    # counters, log and fold
    "I7: p counts 4 FAILED, its tasks 0": ("HSET", "plan:p", "n:FAILED", "4"),
    "I7: p counts 1 rollbackRequested, its tasks 0": ("HSET", "plan:p", "n:rollbackRequested", "1"),
    "I7: p: status folds to RUNNING, the ledger says READY": ("HSET", "plan:p", "status", "READY"),
    "I7: p: pause folds to False, the ledger says True": ("HSET", "plan:p", "pauseRequested", "1"),
    "I7: p: cancel folds to False, the ledger says True": ("HSET", "plan:p", "cancelRequested", "1"),
    "I7: p: paused by it folds to [], the ledger says ['p.1']": ("SADD", "plan-paused:p", "p.1"),
    "I7: p.0: status folds to COMPLETED, the ledger says FAILED": ("HSET", "task:p.0", "status", "FAILED"),
    "I7: p.1: pause folds to False, the ledger says True": ("HSET", "task:p.1", "pauseRequested", "1"),
    "I7: p.1: cancel folds to False, the ledger says True": ("HSET", "task:p.1", "cancelRequested", "1"),
    "I7: p.1: rollback folds to False, the ledger says True": ("HSET", "task:p.1", "rollbackRequested", "1"),
    "I7: p.1: holds folds to True, the ledger says False": ("HDEL", "tenant:b", "holder"),
    "I7: p.1: stages folds to 0, the ledger says 2": ("HSET", "task:p.1", "stage", "2"),
    "I7: p.1: attempt folds to 1, the ledger says 2": ("HSET", "task:p.1", "attempt", "2"),
    "I7: p.3 folds to PENDING, the ledger has no record of it": ("DEL", "task:p.3"),
    "I7: p folds to RUNNING, the ledger has no record of it": ("DEL", "plan:p"),
    "I7: p folds to RUNNING, the ledger has half a record of it": ("HDEL", "plan:p", "total"),
    "I7: strange is in the ledger and not in the log": ("ZADD", "plans", "1", "strange"),
    "I7: p.4 is in the ledger and not in the log": ("HSET", "task:p.4", "status", "PENDING", "tenant", "x"),
    "I6: the log ends at": ("INCR", "seq"),
    "I6: the log of p has": ("XTRIM", "log:p", "MAXLEN", "3"),
    # what is left behind
    "I18: the key config:gone.7 belongs to nothing": ("SET", "config:gone.7", "{}"),
    "I18: the key slots:gone belongs to nothing": ("SADD", "slots:gone", "x"),
    "I18: the key config:p.9 belongs to nothing": ("SET", "config:p.9", "{}"),
    "I18: the key line:gone belongs to nothing": ("ZADD", "line:gone", "1", "x"),
    "I18: the key unheard-of belongs to nothing": ("SET", "unheard-of", "1"),
    "I18: a queued lease of gone.1 is there, which is no task": ("ZADD", "leases-queued", "9e12", "gone.1"),
    "I18: a running lease of gone.1 is there, which is no task": ("ZADD", "leases-running", "9e12", "gone.1"),
    "I18: a deadline of gone.1 is there, which is no task": ("ZADD", "deadlines", "9e12", "gone.1"),
    "I18: active names gone, which is no plan": ("SADD", "active", "gone"),
    "I18: ended names gone, which is no plan": ("ZADD", "ended", "1", "gone"),
    "I18: done is COMPLETED and not up for retention": ("ZREM", "ended", "done"),
    "I18: p is RUNNING and up for retention": ("ZADD", "ended", "1", "p"),
    "I18: the key request:r1 belongs to nothing": ("SET", "request:r1", "{}"),
    "I18: drafts names gone, which is no plan": ("ZADD", "drafts", "1", "gone"),
    "I18: lined names gone, which is no tenant": ("ZADD", "lined", "1", "gone"),
    "I18: failed.0 is FAILED and its checkpoint stays for ever": ("PERSIST", "checkpoint:failed.0"),
}


@pytest.fixture
def running(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """p.0 has completed, p.1 and p.2 hold the two slots, p.3 waits for one; q.0 waits for e, which holder.0 has."""
    world = LedgerWorld(redis_client, settings)
    world.finish(*world.started("done", ["z"]))
    (failed,) = world.started("failed", ["y"])
    world.stage(failed)
    world.break_stage(failed)
    world.started("p", ["a", "b", "c", "d"], max_concurrency=2)
    world.finish("p.0")
    world.serve("p")
    world.started("holder", ["e"])
    world.plan("idle", ["w"])
    world.started("q", ["e", "f", "g"], max_concurrency=2)
    return world


def judge(world: LedgerWorld) -> Report:
    return judged(world.client, world.keys)


def do(world: LedgerWorld, command: Command) -> Any:
    verb, key, *arguments = command
    return world.client.execute_command(verb, world.keys.root + key, *arguments)  # type: ignore[no-untyped-call]


def test_an_undamaged_ledger_holds(running: LedgerWorld) -> None:
    report = judge(running)
    assert report.holds, str(report)


@pytest.mark.parametrize("fault", DAMAGE)
def test_damage_is_named(running: LedgerWorld, fault: str) -> None:
    do(running, DAMAGE[fault])
    found = [str(violation) for violation in judge(running).violations]
    assert any(fault in line for line in found), "\n".join(found)


def test_entries_of_the_dead_are_judged_at_the_end(running: LedgerWorld) -> None:
    do(running, ("HSET", "presence", "worker:h:1", '{"at": 1}', "coordinator:h:2", '{"at": 9e12}'))
    found: dict[bool, str] = {}
    for ended in (False, True):
        report = Report()
        check_bounds(read_dump(running.client, running.keys), report, messages=StageMessages(), ended=ended)
        found[ended] = str(report)
    assert "I18: worker:h:1 gave no sign" in found[True]
    assert "gave no sign" not in found[False]


def test_what_expires_is_no_leftover(running: LedgerWorld) -> None:
    do(running, ("SET", "config:gone.7", "{}", "PX", "600000"))
    assert judge(running).holds


def test_a_gap_in_the_log_is_named(running: LedgerWorld) -> None:
    for key in (running.keys.of("feed"), running.keys.of("log", "failed")):
        running.client.xdel(key, "14-0")
    assert any("goes from 13 to 15" in str(violation) for violation in judge(running).of("I6"))
