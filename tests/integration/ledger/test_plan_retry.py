"""The retry of a whole plan: one script asks, coordinators do, and what they do is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from orchestrator.control.status import StatusReader
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import RETRIED_AT_ONCE, Operations, Order, Reply, Tally
from orchestrator.settings.model import Settings
from tests.support.coordinating import Coordinating
from tests.support.counting import counted
from tests.support.explained import explained
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long

SCRATCH = Order("ada", "because", from_scratch=True)
FORCE = Order("ada", "because", force=True)


def failed(world: LedgerWorld, count: int, *, failing: Iterable[int] | None = None) -> list[str]:
    """A plan that has ended; those at ``failing`` (all, unless said) failed in their first stage."""
    tasks = world.started("p", [f"t{i}" for i in range(count)], max_concurrency=count)
    failing = set(range(count)) if failing is None else set(failing)
    for position, task in enumerate(tasks):
        if position in failing:
            world.break_stage(task)
        else:
            world.finish(task)
    assert world.status("p") == "FAILED"
    return tasks


def test_a_large_plan_is_retried_in_chunks(world: LedgerWorld, settings: Settings) -> None:
    tasks = failed(world, 250)
    # Redis has the script by then.
    assert world.ask("retry", "nowhere").answer == "MISSING"
    with counted(world.client) as work:
        reply = world.ask("retry", "p")
    assert (reply.answer, reply.status, reply.why) == ("ACCEPTED", "RUNNING", "")
    # The call's own work does not grow with what has failed.
    assert work.scripts == 1
    assert work.commands <= 60
    assert {world.status(task) for task in tasks} == {"FAILED"}
    assert StatusReader(world.reader).summary("p").retrying
    sizes = []
    while world.operations.retry_chunk("p", 100):
        sizes.append(len(world.queue("p")))
        world.check()
        told = f"the retry by ada (because) is under way: {sizes[-1]} of 250 tasks looked at, {sizes[-1]} put back"
        assert told in explained(world, settings)
    assert sizes == [100, 200]
    assert not StatusReader(world.reader).summary("p").retrying
    assert world.serve("p") == tasks
    for task in tasks:
        world.finish(task)
    assert world.status("p") == "COMPLETED"
    world.check()


def test_a_coordinator_does_the_chunks_and_another_goes_on_after_its_death(world: LedgerWorld) -> None:
    tasks = failed(world, 250)
    world.ask("retry", "p")
    # This one died after its first chunk: what was asked for stands in the ledger.
    assert world.operations.retry_chunk("p", 100)
    world.wakes()
    coordinating = Coordinating(world, "another")
    coordinating.look()
    coordinating.settle()
    assert {world.status(task) for task in tasks} == {"RUNNING"}
    assert [world.task(task)["retries"] for task in tasks] == ["1"] * 250
    world.check()


def test_one_failed_task_far_behind_is_found_in_bounded_steps(world: LedgerWorld) -> None:
    tasks = failed(world, 230, failing=[225])
    with counted(world.client) as work:
        assert world.ask("retry", "p").answer == "ACCEPTED"
    # It looks at two hundred tasks in the call, and leaves the rest.
    assert work.commands < 300
    assert world.status("p") == "RUNNING"
    assert world.serve("p") == [tasks[225]]
    world.check()


def test_few_are_retried_in_the_call_which_says_what_was_refused(world: LedgerWorld, settings: Settings) -> None:
    tasks = failed(world, 3)
    world.use_up_retries(tasks[1])
    reply = world.ask("retry", "p")
    assert reply == Reply(reply.answer, "RUNNING", "retried", reply.what, "p")
    assert '"retried":2' in reply.what
    assert [world.status(task) for task in tasks] == ["PENDING", "FAILED", "PENDING"]
    told = "put 2 back and was refused 1: p.1: it has been retried 3 times, the most that max_retry allows"
    assert told in explained(world, settings)
    world.check()


def test_when_every_task_is_refused_nothing_is_written(world: LedgerWorld) -> None:
    for task in failed(world, 2):
        world.use_up_retries(task)
    before = world.state()
    reply = world.ask("retry", "p")
    assert (reply.answer, reply.status, reply.why) == ("REFUSED", "FAILED", "retried")
    assert world.state() == before


def test_when_every_task_of_a_large_plan_is_refused_it_ends_again_and_says_so(
    world: LedgerWorld, settings: Settings
) -> None:
    tasks = failed(world, RETRIED_AT_ONCE + 1)
    for task in tasks:
        world.use_up_retries(task)
    last = world.now()
    assert world.ask("retry", "p").status == "RUNNING"
    world.serve("p")
    assert world.kinds(last) == ["OperationRequested", "PlanReopened", "PlanFailed"]
    assert f"was refused {len(tasks)}: p.0: " in explained(world, settings)
    assert world.state()[world.keys.of("plan", "p")].get("retryCursor") is None
    world.check()


def test_what_fails_after_it_was_asked_for_is_not_retried(world: LedgerWorld) -> None:
    count = RETRIED_AT_ONCE + 2
    tasks = world.started("p", [f"t{i}" for i in range(count)], max_concurrency=count)
    for task in tasks[:-1]:
        world.break_stage(task)
    world.ask("retry", "p")
    at = int(world.task(tasks[0])["endedAt"])
    world.break_stage(tasks[-1])
    # The two may fall into one millisecond.
    world.client.hset(world.keys.of("task", tasks[-1]), "endedAt", at + 3_600_000)
    world.operations.retry_chunk("p", count)
    assert world.status(tasks[-1]) == "FAILED"
    assert {world.status(task) for task in tasks[:-1]} == {"PENDING"}


def test_a_second_retry_meanwhile(world: LedgerWorld) -> None:
    failed(world, RETRIED_AT_ONCE + 1)
    order = Order("ada", "because", request_id="once")
    first = world.ask_again("retry", "p", order)
    before = world.state()
    again = world.ask("retry", "p")
    other = world.ask("retry", "p", SCRATCH)
    assert (again.answer, again.why) == ("NOOP", "retrying")
    assert (other.answer, other.why) == ("REFUSED", "retrying-otherwise")
    assert world.state() == before
    world.serve("p")
    # Its repeat is answered as the first time, when all is done.
    before = world.dump()
    assert world.ask_again("retry", "p", order) == first
    assert world.dump() == before


@pytest.mark.parametrize(("operation", "left"), [("cancel", "FAILED"), ("rollback", "FAILED")])
def test_a_cancel_or_rollback_comes_between_the_chunks(world: LedgerWorld, operation: str, left: str) -> None:
    tasks = failed(world, 150)
    world.ask("retry", "p", FORCE)
    assert world.operations.retry_chunk("p", 100)
    assert world.ask(operation, "p").answer == "ACCEPTED"
    assert not world.operations.retry_chunk("p", 100)
    assert {world.status(task) for task in tasks[100:]} == {left}
    world.coordinate()
    world.check()
    if operation == "cancel":
        assert world.status("p") == "CANCELLED"


def test_a_pause_lets_the_chunks_go_on_and_admits_nobody(world: LedgerWorld) -> None:
    tasks = failed(world, 150)
    world.ask("retry", "p")
    assert world.ask("pause", "p").status == "PAUSED"
    assert world.serve("p") == []
    assert {world.status(task) for task in tasks} == {"PENDING"}
    world.ask("resume", "p")
    assert world.serve("p") == tasks
    world.check()


@pytest.mark.parametrize("refused", mostly_long(["all", "some", "few"], "some"))
def test_a_plan_that_goes_on_meanwhile_stops_again_when_its_breaker_stays_open(
    world: LedgerWorld, settings: Settings, refused: str
) -> None:
    """As if the retry had been one script: what is still too much keeps the plan from going on."""
    count, again = 30, {"all": 0, "some": 10, "few": 28}[refused]
    rules = FleetRules(count + 4, Tolerance(count // 6, strict=False), "pause")
    tasks = world.started("p", [f"t{i}" for i in range(count + 4)], max_concurrency=count + 1, rules=rules)
    for task in tasks[: count + 1]:
        world.begin(task)
    for position, task in enumerate(tasks[:count]):
        world.fail(task)
        if position >= again:
            world.use_up_retries(task)
    assert world.ask("resume", "p").why == "breached"
    assert (world.ask("retry", "p").why, world.ask("resume", "p").answer) == ("", "ACCEPTED")
    world.serve("p")
    world.succeed(tasks[count])
    stops = refused != "few"
    assert world.status("p") == ("PAUSED" if stops else "RUNNING")
    assert world.ask("resume", "p").why == ("breached" if stops else "running")
    if stops:
        failed = count - again
        assert f"the breaker is still open after the retry: {failed} failed, tolerance 5" in explained(world, settings)
        assert {world.status(task) for task in tasks[count + 1 :]} == {"PENDING"}
    world.check()
    assert world.ask("resume", "p", Order("ada", "because", accept_failures=True)).answer != "REFUSED"
    while running := [task for task in tasks if world.status(task) in ("PENDING", "RUNNING")]:
        world.serve("p")
        for task in running:
            if world.status(task) == "RUNNING":
                world.finish(task)
    assert world.status("p") == "FAILED"
    world.check()


def test_large_checkpoints_are_read_some_at_a_time(world: LedgerWorld) -> None:
    """What a script reads is bounded in bytes too."""
    tasks = world.started("p", [f"t{i}" for i in range(6)], max_concurrency=6)
    for task in tasks:
        world.stage(task)
        world.break_stage(task)
        key = world.keys.of("checkpoint", task)
        text = str(world.client.get(key))
        world.client.set(key, text.replace('"outputs":{}', '"outputs":{"x":"' + "y" * 40_000 + '"}'))
    reply = world.ask("retry", "p")
    assert (reply.answer, reply.why) == ("ACCEPTED", "")
    sizes = []
    while world.operations.retry_chunk("p", 100):
        sizes.append(len(world.queue("p")))
    assert sizes == [2, 4]
    assert {world.task(task)["retrying"] for task in tasks} == {"checkpoint"}


def test_a_damaged_task_stops_no_other(world: LedgerWorld) -> None:
    tasks = world.started("p", [f"t{i}" for i in range(3)], max_concurrency=3)
    for task in tasks:
        world.stage(task)
        world.break_stage(task)
    world.client.delete(world.keys.of("checkpoint", tasks[0]))
    world.client.hset(world.keys.of("checkpoint", tasks[0]), "no", "string")
    world.client.expire(world.keys.of("checkpoint", tasks[0]), 1000)
    world.ask("retry", "p")
    assert [world.status(task) for task in tasks] == ["FAILED", "PENDING", "PENDING"]


def test_a_plan_that_an_older_process_ended_meanwhile_is_left_alone(world: LedgerWorld) -> None:
    failed(world, RETRIED_AT_ONCE + 1)
    world.client.hset(world.keys.of("plan", "p"), mapping={"retryCursor": 0, "retryAsked": "{}"})
    before = world.now()
    assert not world.operations.retry_chunk("p", 100)
    assert "retryCursor" not in world.reader.plan_record("p")
    assert world.now() == before


@pytest.mark.parametrize("damaged", ["-3", "1.5", "nan", "x"])
def test_a_damaged_place_ends_the_retry(world: LedgerWorld, damaged: str) -> None:
    failed(world, 2)
    world.operations = Operations(world.ledger, retried_at_once=0)
    world.ask("retry", "p")
    world.client.hset(world.keys.of("plan", "p"), mapping={"retryCursor": damaged, "retryRetried": "x"})
    assert not world.operations.retry_chunk("p", 100)
    assert world.status("p") == "FAILED"
    world.check()


@pytest.mark.parametrize("way", ["a few", "many"])
def test_a_retry_of_a_plan_counts_what_was_not_accepted(world: LedgerWorld, way: str) -> None:
    # Many are left to the coordinators: what the call itself counts decides.
    world.operations = Operations(world.ledger, retried_at_once=20 if way == "a few" else 0)
    ids = world.started("p", "abcd", stages=["one"], max_concurrency=4)
    for task_id in ids[:3]:
        world.break_stage(task_id)
    world.finish(ids[3])
    # One fails on its way back: that is no failure which a retry takes, accepted or not.
    world.ask("rollback", ids[2])
    world.serve("p")
    world.break_stage(ids[2])
    reply = FailureAnswers(world.ledger, 10).on_plan("accept", "p", "*", Order("ada", "because"))
    assert (reply.status, Tally.of(reply).done) == ("COMPLETED", 3)
    before = world.state()
    reply = world.ask("retry", "p")
    assert (reply.answer, reply.why, world.state()) == ("REFUSED", "all-accepted", before)
    # One of them is moved again by itself, and fails again.
    world.ask("retry", ids[0])
    world.serve("p")
    world.break_stage(ids[0])
    assert world.status("p") == "FAILED"
    assert world.ask("retry", "p").answer == "ACCEPTED"
    world.serve("p")
    assert [world.status(task_id) for task_id in ids] == ["RUNNING", "FAILED", "ROLLBACK_FAILED", "COMPLETED"]
    world.check()
