"""A damaged key, or number of a record, leaves nothing half-written: a verb writes all that belongs together, or
nothing, and when it is mended everything goes on to its end (I6, I9, I19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.domain.errors import BadMove
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.ledger.records import StageRow
from tests.support.damaged_values import SITUATIONS, Tries, damages
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, longer

TIMED: Final = [StageRow("one", 600.0), StageRow("two", 600.0)]
SHARED: Final = (
    *(
        "seq",
        "feed",
        "epoch",
        "meta",
        "leases-running",
        "leases-queued",
        "deadlines",
        "ready",
        "ended",
        "active",
        "lined",
    ),
    *("freeze-times", "freezes-now", "thawing", "beats", "counters", "handed-back", "inbox"),
)
PLAN: Final = ("queue:p", "slots:p", "plan-paused:p", "log:p", "tenant:a", "line:a", "config:p.0", "checkpoint:p.0")

Step = Callable[[LedgerWorld], object]


def begun(world: LedgerWorld) -> None:
    world.begin("p.0")


def at_last_stage(world: LedgerWorld) -> None:
    world.stage("p.0")
    world.begin("p.0")


def asked(operation: str, target: str) -> Step:
    def step(world: LedgerWorld) -> None:
        begun(world)
        world.ask(operation, target)

    return step


def paused(world: LedgerWorld) -> None:
    asked("pause", "p")(world)
    world.succeed("p.0")


def failed(world: LedgerWorld) -> None:
    begun(world)
    world.fail("p.0")


def overdue(kind: str) -> Step:
    def step(world: LedgerWorld) -> None:
        begun(world)
        world.expire(kind, "p.0")

    return step


def sweep(verb: str, *more: int) -> Step:
    return lambda world: world.ledger.call(verb, 20, world.reader.now_ms(), *more)


VERBS: Final[dict[str, tuple[Step, Step]]] = {
    "begin": (lambda world: None, begun),
    "poll again": (begun, lambda world: world.poll("p.0", 0)),
    "next stage": (begun, lambda world: world.advance("p.0")),
    "end": (at_last_stage, lambda world: world.advance("p.0")),
    "fail": (begun, lambda world: world.fail("p.0")),
    "pause at a boundary": (asked("pause", "p.0"), lambda world: world.succeed("p.0")),
    "cancel at a boundary": (asked("cancel", "p.0"), lambda world: world.succeed("p.0")),
    "turn around": (asked("rollback", "p.0"), lambda world: world.succeed("p.0")),
    "admit": (lambda world: world.plan("q", ["b"], stages=TIMED), lambda world: world.admit("q")),
    "pause": (begun, lambda world: world.ask("pause", "p")),
    "resume": (paused, lambda world: world.ask("resume", "p")),
    "cancel": (paused, lambda world: world.ask("cancel", "p.0")),
    "retry": (failed, lambda world: world.ask("retry", "p.0")),
    "roll back": (failed, lambda world: world.ask("rollback", "p.0")),
    "worker lost": (overdue("leases_running"), sweep("sweep_running", 20)),
    "deadline": (overdue("deadlines"), sweep("sweep_deadlines")),
}


def _other_type(client: redis.Redis, key: str) -> None:
    is_text = client.type(key) == "string"
    client.delete(key)
    client.rpush(key, "garbage") if is_text else client.set(key, "garbage")


def _other_collection(client: redis.Redis, key: str) -> None:
    """A set where a sorted one belongs, and the other way round."""
    is_set = any(name in key for name in ("slots", "plan-paused", "active"))
    client.delete(key)
    client.zadd(key, {"garbage": 1}) if is_set else client.sadd(key, "garbage")


DAMAGES: Final = {"of another type": _other_type, "a set or a sorted one": _other_collection}
ALL: Final = [
    (verb, name, damage)
    for damage in DAMAGES
    for verb in (VERBS if damage == "of another type" else ("next stage", "end", "admit", "worker lost"))
    for name in (*SHARED, *PLAN)
]
# 26 names and a step of 9: each verb meets every ninth name, each name a ninth of the verbs; `make test-long` all.
CASES: Final = ALL if IS_LONG else ALL[::9]


def goes_on(world: LedgerWorld) -> None:
    """Coordinators, workers that take what is due, and a person who resumes."""
    for _ in range(6):
        world.coordinate()
        for task_id in ("p.0", "p.1", "q.0"):
            if world.task(task_id).get("lease") == "queued":
                world.finish(task_id)
            else:
                world.client.zadd(world.keys.of("leases_running"), {task_id: 1}, xx=True)
        world.sweeper.sweep()
        for plan_id in ("p", "q"):
            if world.reader.plan_record(plan_id):
                world.ledger.call("reconcile", plan_id, 0, 100)
        for one in ("p", "p.0"):
            if world.status(one) == "PAUSED":
                world.ask("resume", one)


@longer
@pytest.mark.parametrize(("verb", "name", "damage"), CASES)
def test_all_is_written_or_nothing_and_all_ends_once_it_is_mended(
    hurt: LedgerWorld, verb: str, name: str, damage: str
) -> None:
    before, step = VERBS[verb]
    hurt.started("p", ["a", "c"], max_concurrency=1, stages=TIMED, task_timeout_seconds=900)
    before(hurt)
    key = hurt.keys.root + name
    kept = hurt.client.dump(key)
    DAMAGES[damage](hurt.client, key)
    state = hurt.state()
    with capture_logs():
        try:
            answer: Any = step(hurt)
        except (redis.RedisError, BadMove):
            assert hurt.state() == state
            answer = None
    hurt.client.delete(key)
    if kept:
        hurt.client.restore(key, 0, kept)
    goes_on(hurt)
    assert hurt.status("p") in PLAN_ENDED, (answer, hurt.task("p.0"), hurt.task("p.1"))
    assert hurt.client.zscore(hurt.keys.of("ended"), "p") is not None
    if answer is None:
        hurt.check()


MADE: Final = list(SITUATIONS) if IS_LONG else list(SITUATIONS)[::15]
STRIDE: Final = 1 if IS_LONG else 160


@longer
@pytest.mark.parametrize("name", MADE)
def test_a_field_that_a_hand_has_damaged_leaves_nothing_half_written(hurt: LedgerWorld, name: str) -> None:
    """Each that stands in a record, or that a script may add to it: of plans, waves, tasks, tenants; each shared
    setting. A number that is none, a text that is none, and what is not there any more."""
    make, act = SITUATIONS[name]
    make(hurt)
    found = damages(hurt)
    faults = list(Tries(hurt, act).faults(found[len(name) % STRIDE :: STRIDE]))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("lost", ["n:PENDING", "n:RUNNING"])
def test_a_plan_whose_count_is_lost_does_not_end_over_a_task_that_is_open(hurt: LedgerWorld, lost: str) -> None:
    """It was rolled back, though nobody had asked for it, and nobody came back to its other task."""
    hurt.started("p", ["a", "c"], max_concurrency=1, stages=["one"])
    task, key = "p.0", hurt.keys.of("plan", "p")
    if lost == "n:RUNNING":
        hurt.finish("p.0")
        hurt.coordinate()
        task = "p.1"
    hurt.begin(task)
    good = str(hurt.client.hget(key, lost))
    hurt.client.hdel(key, lost)
    assert "make up 1 tasks, not its total of 2" in hurt.reader.wrong_with_plan("p")
    state = hurt.state()
    with pytest.raises(redis.RedisError, match="is damaged"):
        hurt.succeed(task)
    assert hurt.state() == state
    hurt.client.hset(key, lost, good)
    assert hurt.reader.wrong_with_plan("p") == ""
    hurt.succeed(task)
    goes_on(hurt)
    assert hurt.status("p") == "COMPLETED"
    hurt.check()


def test_a_way_out_of_a_breach_that_is_none_fails_nobody(hurt: LedgerWorld) -> None:
    make, act = SITUATIONS["a breaker trips: pause"]
    make(hurt)
    key = hurt.keys.of("plan", "p")
    hurt.client.hset(key, "onBreach", "pauze")
    assert hurt.reader.wrong_with_plan("p").startswith("its onBreach is 'pauze'")
    state = hurt.state()
    with pytest.raises(redis.RedisError, match="is damaged"):
        act(hurt)
    assert hurt.state() == state
    hurt.client.hset(key, "onBreach", "pause")
    act(hurt)
    assert hurt.status("p") == "PAUSED"
    hurt.check()


def test_a_task_is_given_up_whole_though_nobody_knows_by_whom(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a", "c"], max_concurrency=1, stages=["one", "two"])
    asked("cancel", "p")(hurt)
    hurt.client.hdel(hurt.keys.of("plan", "p"), "cancelledBy")
    hurt.succeed("p.0")
    hurt.coordinate()
    assert [hurt.task(one)["cancelledBy"] for one in ("p.0", "p.1")] == ["system"] * 2
    assert hurt.status("p") == "CANCELLED"
    hurt.check()
