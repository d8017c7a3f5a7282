"""Failures that a person answers: accepted, or left out with their stage."""

from __future__ import annotations

import pytest

from orchestrator.control.replies import reason_words
from orchestrator.domain.status import PlanState
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order, Reply, Tally
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import TurnRecord
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld, config

WHY = Order("ada", "because")


def answers(world: LedgerWorld, looked_at: int = 2) -> FailureAnswers:
    return FailureAnswers(world.ledger, looked_at)


def accept(world: LedgerWorld, task_id: str) -> Reply:
    return answers(world).on_task("accept", task_id, Order("ada", "because"))


def skip(world: LedgerWorld, task_id: str) -> Reply:
    return answers(world).on_task("skip-stage", task_id, Order("ada", "because"))


def many(world: LedgerWorld, word: str, plan_id: str, pattern: str | None) -> tuple[str, int]:
    """The plan's state, and how many it were."""
    order = Order("ada", "because")
    reply = answers(world).on_plan(word, plan_id, pattern, order)  # type: ignore[arg-type]
    done = Tally.of(reply).done
    assert reply.answer == ("ACCEPTED" if done else "REFUSED")
    return reply.status, done


def counts(world: LedgerWorld, plan_id: str = "p") -> tuple[int, int, int]:
    record = world.reader.plan_record(plan_id)
    return tuple(int(record.get(f"n:{name}", 0)) for name in ("accepted", "skipped", "takenBack"))  # type: ignore[return-value]


def last_end(world: LedgerWorld) -> dict[str, object]:
    ends = [event for event in world.events() if event.type == "PlanCompleted"]
    return ends[-1].model_dump(by_alias=True)


def fleet(world: LedgerWorld, tenants: str, **options: object) -> list[str]:
    """A plan of one-letter tenants with rules of the fleet; the coordinator has looked at it once."""
    rules = FleetRules(len(tenants), **options)  # type: ignore[arg-type]
    world.open("p", len(tenants), stages=["one", "two"], max_concurrency=10, rules=rules)
    world.ledger.write_chunk("p", "d", 0, [(name, config(name, "p")) for name in tenants])
    world.ledger.commit_plan("p", "d")
    return world.serve("p")


# Accept


def test_a_plan_whose_failures_are_accepted_ends_completed(world: LedgerWorld) -> None:
    first, second, third = world.started("p", "abc", stages=["one"])
    world.break_stage(first)
    assert accept(world, first).status == "FAILED"
    again = accept(world, first)
    assert (again.answer, again.why) == ("NOOP", "accepted")
    world.finish(second)
    assert (accept(world, second).answer, accept(world, third).why) == ("REFUSED", "not-failed")
    world.finish(third)
    assert (world.status("p"), counts(world)) == ("COMPLETED", (1, 0, 0))
    assert last_end(world)["acceptedFailures"] == 1


def test_a_plan_that_had_failed_is_completed_by_the_last_acceptance(world: LedgerWorld) -> None:
    ids = world.started("p", "abc", stages=["one"])
    for task_id in ids[:2]:
        world.break_stage(task_id)
    world.finish(ids[2])
    assert world.status("p") == "FAILED"
    accept(world, ids[0])
    assert world.status("p") == "FAILED"
    accept(world, ids[1])
    assert world.status("p") == "COMPLETED"
    assert last_end(world)["acceptedFailures"] == 2
    # Moved again, it is as any other: its failure would count.
    assert world.ask("retry", ids[1]).answer == "ACCEPTED"
    assert counts(world) == (1, 0, 0)
    world.serve("p")
    world.break_stage(ids[1])
    assert world.status("p") == "FAILED"


def test_a_plans_failures_are_accepted_by_cause_some_at_a_time(world: LedgerWorld) -> None:
    ids = world.started("p", "abcde", stages=["one"], max_concurrency=5)
    for task_id in ids[:3]:
        world.break_stage(task_id)
    world.finish(ids[3])
    assert many(world, "accept", "p", "health*") == ("RUNNING", 0)
    assert "lastOperation" not in world.reader.plan_record("p")
    assert many(world, "accept", "p", "brok*") == ("RUNNING", 3)
    assert world.last_asked("p") == "accept"
    world.finish(ids[4])
    assert world.status("p") == "COMPLETED"
    # What was accepted is none of the failures that a retry of the plan takes.
    reply = world.ask("retry", "p")
    assert (reply.answer, reply.why, reply.what) == ("REFUSED", "all-accepted", "3 ")
    assert reason_words(reply) == (
        "its 3 failures are accepted, which a retry of the plan leaves: `changeover status --plan p --status FAILED` "
        "lists them, `changeover retry --task ID` moves one again"
    )
    assert {e.type for e in world.events()} >= {"TaskFailureAccepted"}


def test_what_is_accepted_does_not_count_for_the_breaker(world: LedgerWorld) -> None:
    ids = fleet(world, "abcdef", tolerance=Tolerance(1, strict=False))
    world.break_stage(ids[0])
    accept(world, ids[0])
    world.break_stage(ids[1])
    assert "PlanBreakerTripped" not in world.kinds()
    world.break_stage(ids[2])
    assert "PlanBreakerTripped" in world.kinds()
    assert world.ask("resume", "p").why == "breached"
    accept(world, ids[1])
    assert world.ask("resume", "p").answer == "ACCEPTED"


# Skip a stage


def test_a_failed_task_goes_on_behind_its_stage(world: LedgerWorld) -> None:
    (task,) = world.started("p", "a", stages=["one", "two"])
    world.stage(task)
    world.break_stage(task)
    reply = skip(world, task)
    assert (reply.answer, reply.why, reply.what) == ("ACCEPTED", "skips", "two")
    assert world.status("p") == "RUNNING"
    assert world.serve("p") == [task]
    code, record = world.ledger.begin(world.turn(task), "worker")
    assert (code, isinstance(record, TurnRecord) and record.skips) == (Begun.BEGUN, True)
    world._records[task] = record  # type: ignore[assignment]
    assert world.succeed(task) is Ended.COMPLETED
    assert (world.status("p"), counts(world)) == ("COMPLETED", (0, 1, 0))
    assert last_end(world)["acceptedFailures"] == 1
    # Nobody has seen all of it at work.
    assert "good" not in world.reader.tenant_records(["a"])[0]

    # The way back takes the stage that had begun, too.
    world.ask("rollback", task)
    world.serve("p")
    world.begin(task)
    assert not world._records[task].skips
    world.succeed(task)
    assert world.stage(task) is Ended.ROLLED_BACK
    assert (world.task(task).get("skipped"), counts(world)) == (None, (0, 0, 0))


def test_what_fails_behind_a_skipped_stage_counts_as_failed_alone(world: LedgerWorld) -> None:
    (task,) = world.started("p", "a", stages=["one", "two"])
    world.break_stage(task)
    skip(world, task)
    world.serve("p")
    world.stage(task)
    assert counts(world) == (0, 1, 0)
    world.break_stage(task)
    assert (world.status("p"), counts(world)) == ("FAILED", (0, 0, 0))
    accept(world, task)
    assert (counts(world), last_end(world)["acceptedFailures"]) == ((1, 0, 0), 1)
    assert judged(world.client, world.keys).holds
    world.ask("retry", task)
    assert counts(world) == (0, 1, 0)
    world.serve("p")
    world.break_stage(task)
    world.ask("retry", task, Order("ada", "anew", from_scratch=True))
    assert (world.task(task).get("skipped"), counts(world)) == (None, (0, 0, 0))
    assert judged(world.client, world.keys).holds


def test_a_skip_costs_no_retry_and_a_retry_from_scratch_runs_the_stage(world: LedgerWorld) -> None:
    (task,) = world.started("p", "a", stages=["one", "two"])
    for _ in range(3):
        world.break_stage(task)
        world.ask("retry", task)
        world.serve("p")
    world.break_stage(task)
    assert world.ask("retry", task).why == "max-retry"
    assert skip(world, task).answer == "ACCEPTED"
    assert skip(world, task).why == "state"
    world.serve("p")
    world.stage(task)
    world.break_stage(task)
    assert skip(world, task).what == "two"
    assert world.task(task)["skipped"].split("\n") == ["one", "two"]
    world.serve("p")
    world.finish(task)
    world.ask("cancel", task)
    assert world.status("p") == "COMPLETED"


@pytest.mark.parametrize("operation", ["rollback", "cancel", "plan"])
def test_what_is_under_way_goes_before_a_skip(world: LedgerWorld, operation: str) -> None:
    first, _ = world.started("p", "ab", stages=["one"])
    world.break_stage(first)
    if operation == "rollback":
        world.ask("rollback", first)
    else:
        world.ask("rollback" if operation == "plan" else "cancel", "p")
    why = {"rollback": "rollback-requested", "cancel": "plan-cancelled", "plan": "plan-rolling-back"}[operation]
    before = world.state()
    assert skip(world, first).why == why
    assert world.state() == before


def test_another_mover_and_a_lost_checkpoint_refuse_a_skip(world: LedgerWorld) -> None:
    (task,) = world.started("p", "a", stages=["one", "two"])
    world.stage(task)
    world.break_stage(task)
    world.client.delete(world.keys.of("checkpoint", task))
    assert skip(world, task).why == "no-checkpoint"
    world.finish(world.started("q", "a", stages=["one"])[0])
    assert skip(world, task).why == "moved"


# Exclude


def test_waiting_tenants_leave_the_plan_and_are_no_failures(world: LedgerWorld) -> None:
    tenants = ["a1", "x1", "a2", "x2", "x3", "a3"]
    ids = world.started("p", tenants, stages=["one"], max_concurrency=2)
    assert ids[1] in world.slots("p")
    assert many(world, "exclude", "p", "x*") == ("RUNNING", 2)
    assert world.last_asked("p") == "exclude"
    assert [world.status(task_id) for task_id in ids] == [
        "RUNNING", "RUNNING", "PENDING", "CANCELLED", "CANCELLED", "PENDING",
    ]  # fmt: skip
    assert many(world, "exclude", "p", "x*") == ("RUNNING", 0)
    world.coordinate()
    for task_id in (ids[0], ids[1], ids[2], ids[5]):
        if world.status(task_id) == "PENDING":
            world.serve("p")
        world.finish(task_id)
    assert world.status("p") == "CANCELLED"
    excluded = [event for event in world.events() if getattr(event, "operation", "") == "exclude"]
    assert [getattr(event, "tenant_id", "") for event in excluded] == ["x2", "x3"]


@pytest.mark.parametrize("put_back", ["retried", "skipped"])
def test_who_has_begun_in_an_earlier_attempt_is_not_excluded(world: LedgerWorld, put_back: str) -> None:
    """Half moved it would be CANCELLED, and count as a failure nowhere."""
    begun, other = world.started("p", ["a", "b"], stages=["one", "two"], max_concurrency=1)
    world.break_stage(begun)
    world.ask("pause", "p")
    if put_back == "retried":
        world.ask("retry", begun)
    else:
        skip(world, begun)
    reply = FailureAnswers(world.ledger, 1).on_plan("exclude", "p", "*", Order("ada", "so", request_id="r-1"))
    told = Tally.of(reply)
    assert (told.done, told.begun) == (1, 1)
    assert (world.status(other), world.status(begun)) == ("CANCELLED", "PENDING")


def test_a_plan_ends_when_all_that_waits_is_excluded(world: LedgerWorld) -> None:
    ids = world.plan("p", "abc", stages=["one"])
    assert many(world, "exclude", "p", "*") == (PlanState.CANCELLED, 3)
    assert {world.status(task_id) for task_id in ids} == {"CANCELLED"}


@pytest.mark.parametrize("ends_last", ["an excluded one", "a completed one"])
def test_a_plan_of_which_tenants_were_excluded_is_not_completed(world: LedgerWorld, ends_last: str) -> None:
    # COMPLETED says that all of its tenants are at the new version.
    first, other = world.started("p", ["a", "b"], max_concurrency=1)
    if ends_last == "an excluded one":
        world.finish(first)
        assert many(world, "exclude", "p", "b") == (PlanState.CANCELLED, 1)
    else:
        assert many(world, "exclude", "p", "b") == (PlanState.RUNNING, 1)
        world.finish(first)
    assert [world.status(name) for name in ("p", first, other)] == ["CANCELLED", "COMPLETED", "CANCELLED"]
