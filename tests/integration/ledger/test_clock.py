"""The ledger's clock beside a Redis whose own clock steps: what is due, overdue, told. Nothing waits for a lease."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest
import redis
from pydantic import SecretStr

from orchestrator.control.answers import Remark
from orchestrator.control.doctor.servers import shown_clock
from orchestrator.control.explain import Explainer, Situation
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.clock import ClockWatch, ledger_now_ms
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.presence import Presence, alive
from orchestrator.ledger.records import Early, StageRow
from orchestrator.settings.model import Settings
from tests.support.clock_shim import SteppedClock
from tests.support.ledger_world import LedgerWorld
from tests.support.redis_server import RedisServer

HOUR, MINUTES = 3600.0, 600.0
STEPS = [-HOUR, -0.3, 0.4, 3.0, MINUTES]
LEASE_MS = 10_000
GATE = '{"url":"http://gate.example/","interval":10000,"timeout":600000}'


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SteppedClock, RedisServer]]:
    folder = tmp_path_factory.mktemp("stepped")
    clock = SteppedClock(folder)
    server = RedisServer(folder, databases=1, environment=clock.environment)
    server.start()
    yield clock, server
    server.stop()


@pytest.fixture
def slack_ms() -> Callable[[], float]:
    """What may lie between two calls of a test: the time that it has taken so far, and some."""
    began = time.monotonic()
    return lambda: 1000 + (time.monotonic() - began) * 1000


@pytest.fixture
def clock(stepped: tuple[SteppedClock, RedisServer]) -> SteppedClock:
    return stepped[0]


@pytest.fixture
def world(stepped: tuple[SteppedClock, RedisServer], request: pytest.FixtureRequest) -> Iterator[LedgerWorld]:
    clock, server = stepped
    clock.set(0.0)
    with redis.Redis.from_url(server.url(), decode_responses=True) as client:
        client.flushdb()
        world = LedgerWorld(client, Settings(namespace="clock", redis_url=SecretStr(server.url())))
        world.sweeper.sweep()
        yield world
        world.check()


def now(world: LedgerWorld) -> int:
    return ledger_now_ms(world.client, world.keys)


def lease_left(world: LedgerWorld, kind: str, task_id: str) -> float:
    score = world.client.zscore(world.keys.of(kind), task_id)
    assert isinstance(score, float)
    return score - now(world)


def last_said(world: LedgerWorld) -> int:
    """What a script took for now."""
    at, floor = world.client.hmget(world.keys.of("clock"), "at", "floor")
    return max(int(at or 0), int(floor or 0))


def moments(world: LedgerWorld) -> list[float]:
    return [event.occurred_at.timestamp() for event in world.events()]


@pytest.mark.parametrize("seconds", STEPS)
def test_a_live_worker_keeps_its_lease_and_its_stage_its_time(
    world: LedgerWorld, clock: SteppedClock, seconds: float, slack_ms: Callable[[], float]
) -> None:
    (task,) = world.started("p", ["a"], stages=[StageRow("one", 120.0)])
    world.begin(task)
    for _ in range(3):
        world.sweeper.sweep()
        clock.step(seconds)
        world.sweeper.sweep()
        # A lease that is taken while the clock stands still is longer by what is left of that.
        longest = LEASE_MS + (seconds * 1000 if 0 < seconds < 5 else 0)
        assert longest >= lease_left(world, "leases_running", task) > LEASE_MS - slack_ms()
        assert 120_000 >= lease_left(world, "deadlines", task) > 120_000 - slack_ms()
        assert world.ledger.renew([world.turn(task)]) == frozenset()
    assert world.finish_turn(task) is Ended.COMPLETED
    assert world.kinds(task_id=task).count("TaskRecovered") == 0
    # Events never go back; they are told in real time, unless that would be back.
    assert moments(world) == sorted(moments(world))
    durations = [event.duration_millis for event in world.events() if event.type == "TaskStageSucceeded"]
    assert len(durations) == 1
    assert 0 <= durations[0] < slack_ms() + (seconds * 1000 if 0 < seconds < 5 else 0)


@pytest.mark.parametrize("seconds", STEPS)
def test_what_is_overdue_is_answered_after_a_step_as_before_it(
    world: LedgerWorld, clock: SteppedClock, seconds: float
) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    clock.step(seconds)
    world.expire("leases_running", task)
    world.sweeper.sweep()
    # Time that nobody saw pass means that workers may not have reached Redis either: they get their grace.
    assert ("TaskRecovered" in world.kinds()) is (seconds != MINUTES)
    world.client.hset(world.keys.of("clock"), "sweepNotBefore", 0)
    world.sweeper.sweep()
    assert "TaskRecovered" in world.kinds()


@pytest.mark.parametrize("seconds", STEPS)
def test_the_ledgers_clock_goes_on_whoever_speaks_first(
    world: LedgerWorld, clock: SteppedClock, seconds: float
) -> None:
    beat = Presence(world.ledger, "worker")
    said = [last_said(world)]
    for step in (seconds, 0.05, -0.02, -seconds, seconds):
        clock.step(step)
        world.ledger.call("beat", "worker:here:1", "[]", 0, "{}")
        world.sweeper.sweep()
        said.append(last_said(world))
    assert said == sorted(said)
    # What a coordinator's tick cannot see (it was not there before the step) is less than the longest silence.
    assert said[-1] - said[0] < 5_000 * 5
    beat.stop()


def test_a_small_step_is_taken_out_once_by_whichever_coordinator_sees_it(
    world: LedgerWorld, clock: SteppedClock
) -> None:
    moment = [0.0]
    watches = [ClockWatch(world.ledger, lambda: moment[0]) for _ in range(3)]
    before = [watch.tick() for watch in watches]
    clock.step(4.0)
    # Their clock says that 40 ms have passed.
    moment[0] = 0.04
    after = [watch.tick() for watch in watches]
    for told, earlier in zip(after, before, strict=True):
        assert told is not None
        assert earlier is not None
        assert told - earlier < 1_000
    # It never goes back: it stands still until the true time has caught up.
    assert last_said(world) >= (after[-1] or 0) + 2_000


def test_a_suspended_coordinator_cannot_stop_the_clock(world: LedgerWorld, clock: SteppedClock) -> None:
    moment = [0.0]
    watch = ClockWatch(world.ledger, lambda: moment[0])
    first = watch.tick()
    assert first is not None
    # The others spoke all the time, while its own clock stood still with its machine.
    for _ in range(20):
        clock.step(3.0)
        world.ledger.call("beat", "worker:here:1", "[]", 0, "{}")
    told = watch.tick()
    assert told is None or told >= first + 60_000


@pytest.mark.parametrize("seconds", [None, *STEPS])
def test_a_turn_that_comes_early_is_sent_back_and_eats_no_attempt(
    world: LedgerWorld, clock: SteppedClock, seconds: float | None, slack_ms: Callable[[], float]
) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    turn = world.turn(task)
    _, number, due_ms = world.ledger.poll_again(turn, 30.0, '{"step":1}')
    again = type(turn)(task, turn.epoch, turn.stage, number)
    if seconds is not None:
        world.sweeper.sweep()
        clock.step(seconds)
        world.sweeper.sweep()
    before = world.dump()
    code, early = world.ledger.begin(again, "other")
    assert code is Begun.EARLY
    assert isinstance(early, Early)
    assert early.due_ms == due_ms
    assert 30_000 >= early.due_ms - now(world) > 30_000 - slack_ms()
    assert world.dump() == before
    assert (early.tenant_id, early.mode, early.stage_name) == ("a", "RUNNING", "one")
    world.client.hset(world.keys.of("task", task), "dueAt", now(world) - 1)
    assert world.ledger.begin(again, "other")[0] is Begun.BEGUN


def test_an_outage_is_nobodys_time(world: LedgerWorld, clock: SteppedClock, slack_ms: Callable[[], float]) -> None:
    (task,) = world.started("p", ["a"], stages=[StageRow("one", 120.0)])
    world.begin(task)
    # To Redis, a long time in which nobody spoke to it is what an outage looks like; its end is told by whoever comes
    # first, here a worker.
    clock.step(HOUR)
    assert world.ledger.renew([world.turn(task)]) == frozenset()
    world.sweeper.sweep()
    assert 120_000 >= lease_left(world, "deadlines", task) > 120_000 - slack_ms()
    world.expire("leases_running", task)
    world.sweeper.sweep()
    assert "TaskRecovered" not in world.kinds()
    # People read real time.
    assert world.finish_turn(task) is Ended.COMPLETED
    seconds, _ = world.client.time()
    assert moments(world)[-1] == pytest.approx(seconds, abs=slack_ms() / 1000)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, -50 * HOUR])
def test_a_gate_has_its_time_whatever_the_clock_does(world: LedgerWorld, clock: SteppedClock, seconds: float) -> None:
    world.started("p", ["a"], rules=FleetRules(1, waves=(Wave("all", 1, gate=GATE),)), wave_of=[0])
    world.finish("p.0")
    question = world.awaited.hand_out().question or pytest.fail("the gate is not asked")
    clock.step(seconds)
    for minutes in (9, 2):
        assert world.awaited.not_yet(question, "it answered 202, not yet") == "AGAIN"
        left_ms = int(world.reader.plan_record("p")["gateUntil"]) - world.reader.shown_time().shown_ms
        assert 600_000 >= left_ms > 0
        for _ in range(minutes * 15):
            clock.step(4.0)
            world.ledger.call("beat", "worker:here:1", "[]", 0, "{}")
    assert world.awaited.not_yet(question, "it answered 202, not yet") == "OVERDUE"


def test_a_process_that_died_before_the_clock_went_back_is_not_alive(world: LedgerWorld, clock: SteppedClock) -> None:
    mine = Presence(Ledger(world.client, world.settings), "worker")
    mine.start()
    later = {"at": now(world) + 3_600_000, "queues": []}
    assert [process.role for process in alive(world.client, world.keys)] == ["worker"]
    world.client.hset(world.keys.of("presence"), "worker:gone:7", json.dumps(later))
    assert [process.host for process in alive(world.client, world.keys)] != ["gone"]
    assert len(alive(world.client, world.keys)) == 1
    mine.stop()


def test_a_clock_that_was_far_ahead_and_is_right_again_is_told_right(world: LedgerWorld, clock: SteppedClock) -> None:
    world.started("p", ["a"], stages=["one"])
    years = 10 * 365 * 86400.0
    clock.step(years)
    world.begin("p.0")
    clock.step(-years)
    # Of the same millisecond nothing is written down.
    world.ledger.call("tick", "x", 0, "")
    world.succeed("p.0")
    now = world.reader.now().timestamp()
    assert abs(moments(world)[-1] - now) < 60
    assert abs(int(world.reader.plan_record("p")["endedAt"]) / 1000 - now) < 60
    assert int(world.task("p.0")["durationMillis"]) < 60_000


def test_what_is_shown_stands_still_after_a_clock_that_ran_ahead_and_is_told_by_how_much(
    world: LedgerWorld, clock: SteppedClock, slack_ms: Callable[[], float]
) -> None:
    clock.step(HOUR)
    (task,) = world.started("p", ["a"])
    assert world.reader.shown_time().ahead_seconds == 0
    assert list(shown_clock(world.reader)) == []
    clock.step(-HOUR)
    # It is told of whatever comes next, and before anything does.
    for verb in (lambda: None, lambda: world.begin(task), world.sweeper.sweep):
        verb()
        found = world.reader.shown_time()
        assert HOUR >= found.ahead_seconds > HOUR - slack_ms() / 1000
        (row,) = shown_clock(world.reader)
        assert (row.name, row.good) == ("time that is shown", False)
        assert re.match(r"\d\d min ahead of Redis' clock", row.finding)
    assert world.reader.freezes.told_now_ms() == found.shown_ms
    # A freeze of a second, which in an hour is not over.
    world.freeze("b", seconds=1.0)
    clock.step(HOUR - 60)
    world.sweeper.sweep()
    world.plan("q", ["b"])
    world.coordinate()
    assert world.status("q.0") == "PENDING"
    (stands,) = [one for one in explained(world, "q") if one.situation == Situation.SHOWN_TIME]
    assert "the time that is shown stands at " in stands.sentence
    clock.step(120)
    assert list(shown_clock(world.reader)) == []
    assert not [one for one in explained(world, "q") if one.situation == Situation.SHOWN_TIME]
    # A wrong clock by more than a day is shown right at once: by the next script, and by who only reads.
    clock.step(25 * HOUR)
    world.sweeper.sweep()
    clock.step(-25 * HOUR)
    assert world.reader.shown_time().ahead_seconds == 0
    world.sweeper.sweep()
    assert world.reader.shown_time().ahead_seconds == 0


def explained(world: LedgerWorld, plan_id: str) -> list[Remark]:
    return Explainer(world.ledger, world.reader, world.settings).plan(plan_id).remarks
