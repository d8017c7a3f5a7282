"""A poll round in a worker process: each turn for itself, whatever becomes of the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis

from orchestrator.client import Client
from orchestrator.ledger.leg_names import LegNames
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Turn
from orchestrator.ledger.turn_batches import begin_all
from orchestrator.settings.model import Settings
from steps import Done, Outcome, PollAgain, Step, StepContext, StepParameters, StepRegistry
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from tests.support.waiting import wait_until
from workers import round_runner
from workers.next_link import Drop, Next, Proceed, Reschedule
from workers.round_runner import RoundRunner
from workers.shown_polls import ShownPolls

STAGES = [{"name": "one", "steps": [{"type": "ask"}]}]


class NoParameters(StepParameters):
    """None."""


class Ask(Step[NoParameters]):
    """Polls again until told otherwise; while ``answers`` is clear nobody is answered."""

    name = "ask"
    Parameters = NoParameters

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answers = threading.Event()
        self.answers.set()
        self.slow: set[str] = set()
        self.done: set[str] = set()

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        self.asked[context.tenant_id] += 1
        if not self.slow or context.tenant_id in self.slow:
            self.answers.wait(30)
        return Done() if context.tenant_id in self.done else PollAgain(3.0, "not yet")


class Rounds:
    """A round runner over a real ledger; what it would publish is kept."""

    def __init__(self, process: InProcess, settings: Settings, threads: int) -> None:
        self.process = process
        self.followed: list[Next] = []
        self.published: list[tuple[str, list[Turn], int | None, list[str]]] = []
        self.stopping = threading.Event()
        reader = Reader(process.ledger.client, process.ledger.keys)
        self.runner = RoundRunner(
            process.runner,
            process.ledger,
            self.followed.append,
            lambda queue, turns, due_ms, shown: self.published.append((queue, list(turns), due_ms, list(shown))),
            self.stopping,
            settings.renew_seconds,
            threads,
            ShownPolls(reader, LegNames(reader)),
        )

    def polling(self, plan_id: str, count: int) -> list[Turn]:
        """A plan whose tasks have polled once; their next turns, due now."""
        stages = STAGES if plan_id != "two-steps" else [{"name": "one", "steps": [{"type": "ask"}] * 2}]
        self.process.submit(plan(plan_id, [tenant(f"{plan_id}{n}") for n in range(count)], stages, count))
        turns = []
        for task in self.process.admit(plan_id):
            following = self.process.run(task)
            assert isinstance(following, Reschedule)
            turns.append(Turn(task.task_id, task.epoch, 0, 1))
            self.record(turns[-1], "dueAt", 0)
        return turns

    def record(self, turn: Turn, field: str, value: str | int) -> None:
        self.process.ledger.client.hset(self.process.ledger.keys.of("task", turn.task_id), field, value)

    def followed_by(self, kind: type[Next]) -> int:
        return sum(isinstance(one, kind) for one in list(self.followed))


Start = Callable[..., Rounds]


@pytest.fixture
def step() -> Ask:
    return Ask()


@pytest.fixture
def start(redis_client: redis.Redis, settings: Settings, step: Ask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    # A stop that waits for what has ended already takes longer than a test may.
    monkeypatch.setattr(round_runner, "STOP_SECONDS", 600)
    with ExitStack() as stack:

        def start(threads: int = 20, used: Settings | None = None) -> Rounds:
            process = stack.enter_context(InProcess(redis_client, used or settings, StepRegistry([step])))
            rounds = Rounds(process, used or settings, threads)
            stack.callback(rounds.runner.stop)
            stack.callback(step.answers.set)
            return rounds

        yield start


def test_all_of_a_round_poll_once_and_are_due_again(start: Start, step: Ask) -> None:
    rounds = start()
    turns = rounds.polling("p", 30)
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: len(rounds.followed) == 30)
    assert {
        (one.task.task_id, one.task.turn, one.after_seconds) for one in rounds.followed if isinstance(one, Reschedule)
    } == {(f"p.{n}", 2, 3.0) for n in range(30)}
    assert set(step.asked.values()) == {2}


def test_a_round_that_comes_twice_polls_once(start: Start, step: Ask) -> None:
    rounds = start()
    turns = rounds.polling("p", 6)
    rounds.runner.put([*turns, *turns], "lane-0")
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: rounds.followed_by(Reschedule) == 6)
    # And once more when all are done, or under way.
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: rounds.followed_by(Drop) >= 6)
    assert rounds.followed_by(Reschedule) == 6
    assert set(step.asked.values()) == {2}


def test_a_damaged_task_is_nobody_elses_matter(start: Start, step: Ask) -> None:
    rounds = start()
    turns = rounds.polling("p", 8)
    keys, client = rounds.process.ledger.keys, rounds.process.ledger.client
    client.delete(keys.of("task", "p.1"))
    client.hset(keys.of("task", "p.1"), "status", "RUNNING")
    client.delete(keys.of("task", "p.2"))
    client.set(keys.of("task", "p.2"), "not a hash")
    client.delete(keys.of("config", "p.3"))
    client.hset(keys.of("config", "p.3"), "not", "a string")
    rounds.record(turns[4], "cursor", "no JSON")
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: rounds.followed_by(Reschedule) == 4)
    assert {one.task.task_id for one in rounds.followed if isinstance(one, Reschedule)} == {"p.0", "p.5", "p.6", "p.7"}


def test_one_that_is_damaged_while_it_polls_keeps_no_other(start: Start, step: Ask) -> None:
    rounds = start()
    turns = rounds.polling("p", 4)
    step.answers.clear()
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: set(step.asked.values()) == {2})
    keys, client = rounds.process.ledger.keys, rounds.process.ledger.client
    client.delete(keys.of("leases_running"))
    client.delete(keys.of("task", "p.1"))
    client.set(keys.of("task", "p.1"), "not a hash")
    step.answers.set()
    wait_until(lambda: rounds.followed_by(Reschedule) == 3)
    wait_until(lambda: rounds.followed_by(Drop) == 1)


def test_what_has_polled_enough_is_left_to_a_slot(start: Start, step: Ask, settings: Settings) -> None:
    rounds = start()
    whole, half = rounds.polling("p", 2), rounds.polling("two-steps", 1)
    step.done |= {"p0", "two-steps0"}
    rounds.runner.put([*whole, *half], "lane-0")
    wait_until(lambda: len(rounds.followed) == 3)
    # Its only stage: recorded here, and that was all.
    assert rounds.followed_by(Drop) == 1
    # Its stage has another step, which a slot does, at once.
    (rest,) = [one for one in rounds.followed if isinstance(one, Reschedule) and one.after_seconds == 0]
    assert (rest.task.task_id, rest.task.turn) == ("two-steps.0", 2)
    assert step.asked["two-steps0"] == 2
    rounds.process.run(rest.task, turn=2)
    assert step.asked["two-steps0"] == 3
    with Client(settings) as client:
        assert client.status("two-steps").status == "COMPLETED"
    assert rounds.followed_by(Proceed) == 0


def test_a_plan_whose_instances_hang_leaves_threads_to_others(start: Start, step: Ask) -> None:
    rounds = start(threads=4)
    hangs, others = rounds.polling("p", 12), rounds.polling("q", 5)
    step.slow = {f"p{n}" for n in range(12)}
    step.answers.clear()
    rounds.runner.put([*hangs, *others], "lane-0")
    wait_until(lambda: rounds.followed_by(Reschedule) == 5)
    assert sum(step.asked[name] - 1 for name in step.slow) == 2


def test_a_stop_hands_back_what_waits_and_records_what_runs(start: Start, step: Ask) -> None:
    rounds = start(threads=4)
    turns = rounds.polling("p", 6)
    step.answers.clear()
    rounds.runner.put(turns, "lane-3")
    wait_until(lambda: sum(step.asked.values()) == 8)
    for turn in turns:
        rounds.record(turn, "queuedAt", 1)
    rounds.stopping.set()
    wait_until(lambda: bool(rounds.published))
    # At once, in the queue that they came from, and queued from now on in the ledger too.
    shown = [f"tenant=p{n} stage=one" for n in (2, 3, 4)]
    assert rounds.published == [("lane-3", turns[2:], None, shown)]
    keys, client = rounds.process.ledger.keys, rounds.process.ledger.client
    queued = [int(client.hget(keys.of("task", turn.task_id), "queuedAt") or 0) for turn in turns]
    assert [at > 1 for at in queued] == [False, False, True, True, True, True]
    step.answers.set()
    rounds.runner.stop()
    assert rounds.followed_by(Reschedule) == 2
    # Nothing of it runs any more; what comes now is handed back too.
    rounds.runner.put(turns[2:], "lane-3")
    wait_until(lambda: len(rounds.published) == 2)
    # What is damaged is not shown, and handed back all the same.
    rounds.record(turns[3], "stage", "x")
    rounds.runner.put(turns[2:], "lane-3")
    wait_until(lambda: len(rounds.published) == 3)
    assert [(one[1], one[3]) for one in rounds.published[1:]] == [(turns[2:], shown), (turns[2:], [])]
    assert set(step.asked.values()) == {1, 2}


def test_what_waits_here_for_longer_than_a_lease_is_not_taken_for_lost(
    start: Start, step: Ask, settings: Settings
) -> None:
    rounds = start(threads=2, used=settings.model_copy(update={"lease_seconds": 10.0, "renew_seconds": 0.05}))
    turns = rounds.polling("p", 5)
    keys, client = rounds.process.ledger.keys, rounds.process.ledger.client
    step.answers.clear()
    rounds.runner.put(turns, "lane-0")
    wait_until(lambda: sum(step.asked.values()) == 6)
    for turn in turns[1:]:
        client.zadd(keys.of("leases_queued"), {turn.task_id: 1}, xx=True)
    wait_until(lambda: client.zcount(keys.of("leases_queued"), 2, "+inf") == 4)


def test_a_repeat_of_the_whole_after_a_lost_answer_begins_each_once(start: Start) -> None:
    rounds = start()
    turns = rounds.polling("p", 3)
    first = begin_all(rounds.process.ledger, turns, "w:1/delivery")
    assert begin_all(rounds.process.ledger, turns, "w:1/delivery") == first
    others = begin_all(rounds.process.ledger, turns, "w:1/another")
    assert [answer[0] for answer in others if not isinstance(answer, Exception)] == ["COPY"] * 3
