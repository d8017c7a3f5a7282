"""What is done for many of a plan's tasks passes by those that a hand has damaged: they are named and counted, and the
plan's end does not say that they were among the others (I19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import RETRIED_AT_ONCE, Order, Taken, Tally
from orchestrator.ledger.outcomes import Begun
from tests.support.coordinating import Coordinating
from tests.support.hands import as_text
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long

Hand = Callable[[LedgerWorld], object]
RECORD: Final = "its record is damaged"


def key_of(kind: str, identifier: str) -> tuple[Hand, str]:
    def hurt(world: LedgerWorld) -> None:
        as_text(world, world.keys.of(kind, identifier))

    return hurt, f"{kind}:{identifier} is damaged"


def bare_config(world: LedgerWorld) -> None:
    world.client.hdel(world.keys.of("task", "p.1"), "snapshot")
    as_text(world, world.keys.of("config", "p.1"))


HANDS: Final[dict[str, tuple[Hand, str]]] = {
    "no record": (lambda world: world.client.delete(world.keys.of("task", "p.1")), RECORD),
    "no hash": (lambda world: as_text(world, world.keys.of("task", "p.1")), RECORD),
    "a state of nobody": (lambda world: world.client.hset(world.keys.of("task", "p.1"), "status", "BROKEN"), RECORD),
    "a number that is none": (lambda world: world.client.hset(world.keys.of("task", "p.1"), "touched", "x"), RECORD),
    "the tenant": key_of("tenant", "b"),
    "the line": key_of("line", "b"),
    "the config": (bare_config, "config:p.1 is damaged"),
}
OF_RECORD: Final = {name: hand for name, (hand, why) in HANDS.items() if why == RECORD}


def named(world: LedgerWorld, since: int) -> list[tuple[str, str | None, str]]:
    """Of those that the system left: the operation, the tenant, and the end of why."""
    return [
        (event.operation, event.tenant_id, event.reason.rpartition("}:")[2])
        for event in world.events(since)
        if event.type == "OperationRequested" and event.actor == "system" and event.target_id == "p.1"
    ]


@pytest.mark.parametrize("name", mostly_long(HANDS, "no hash", "the config"))
def test_a_rollback_names_what_stays_and_does_not_say_that_all_is_back(hurt: LedgerWorld, name: str) -> None:
    hand, why = HANDS[name]
    first, damaged, last = hurt.done("p", "a", "b", "c")
    hand(hurt)
    since = hurt.now()
    hurt.ask("rollback", "p")
    with capture_logs():
        hurt.serve("p")
    hurt.finish(last)
    hurt.finish(first)
    assert hurt.status("p") == "ROLLBACK_FAILED"
    assert named(hurt, since) == [("cancel", "b", why)]
    # A record that was gone is not made half anew.
    assert hurt.client.exists(hurt.keys.of("task", damaged)) == (why != RECORD or hand is not HANDS["no record"][0])


def test_what_stays_goes_back_once_it_is_mended(hurt: LedgerWorld) -> None:
    (task,) = hurt.done("p", "a")
    as_text(hurt, hurt.keys.of("tenant", "a"))
    hurt.ask("rollback", "p")
    with capture_logs():
        hurt.serve("p")
        assert hurt.status("p") == "ROLLBACK_FAILED"
        hurt.client.delete(hurt.keys.of("tenant", "a"))
        hurt.ask("rollback", "p")
        hurt.serve("p")
    hurt.finish(task)
    assert hurt.status("p") == "ROLLED_BACK"


def test_a_running_task_whose_config_is_damaged_ends_and_is_named(hurt: LedgerWorld) -> None:
    _, runs = hurt.started("p", ["a", "b"], max_concurrency=2)
    hurt.finish("p.0")
    hurt.begin(runs)
    bare_config(hurt)
    since = hurt.now()
    hurt.ask("rollback", "p")
    with capture_logs():
        hurt.serve("p")
        hurt.succeed(runs)
    hurt.finish("p.0")
    assert (hurt.status(runs), hurt.status("p")) == ("CANCELLED", "ROLLBACK_FAILED")
    assert named(hurt, since) == [("cancel", "b", "config:p.1 is damaged")]


@pytest.mark.parametrize("operation", ["cancel", "rollback"])
def test_what_was_passed_by_is_ended_once_it_is_mended(hurt: LedgerWorld, operation: str) -> None:
    hurt.started("p", ["a", "b"], max_concurrency=1)
    as_text(hurt, hurt.keys.of("tenant", "b"))
    hurt.ask(operation, "p")
    with capture_logs():
        coordinating = Coordinating(hurt)
        coordinating.settle()
        hurt.begin("p.0")
        for _ in range(3):
            coordinating.reconcile()
        assert hurt.status("p.1") == "PENDING"
        hurt.client.delete(hurt.keys.of("tenant", "b"))
        coordinating.reconcile()
    assert hurt.status("p.1") == "CANCELLED"
    assert hurt.status("p") == {"cancel": "CANCELLED", "rollback": "ROLLED_BACK"}[operation]


def test_a_wave_that_is_taken_back_names_what_stays(hurt: LedgerWorld) -> None:
    fleet = FleetRules(4, Tolerance(0, strict=False), on_breach="rollback_wave")
    hurt.started("p", list("abcd"), max_concurrency=4, rules=fleet)
    for task in ("p.0", "p.1"):
        hurt.finish(task)
    hurt.stage("p.2")
    as_text(hurt, hurt.keys.of("tenant", "b"))
    since = hurt.now()
    hurt.break_stage("p.3")
    with capture_logs():
        hurt.serve("p")
    assert named(hurt, since) == [("cancel", "b", "tenant:b is damaged")]


@pytest.mark.parametrize("many", mostly_long([0, 60], 0))
def test_a_resume_leaves_paused_by_itself_what_it_cannot_let_go_on(hurt: LedgerWorld, many: int) -> None:
    tenants = ["a", "b", *(f"m{at}" for at in range(many))]
    tasks = hurt.started("p", tenants, max_concurrency=len(tenants))
    hurt.ask("pause", "p")
    for task in tasks:
        assert hurt.begin(task) is Begun.PAUSED
    as_text(hurt, hurt.keys.of("tenant", "b"))
    since = hurt.now()
    with capture_logs():
        hurt.ask("resume", "p")
        hurt.serve("p")
    assert named(hurt, since) == [("pause", "b", "tenant:b is damaged")]
    assert (hurt.status("p.0"), hurt.status("p.1")) == ("RUNNING", "PAUSED")
    hurt.client.delete(hurt.keys.of("tenant", "b"))
    assert hurt.ask("resume", "p.1").answer is Taken.ACCEPTED


@pytest.mark.parametrize("more", mostly_long([0, RETRIED_AT_ONCE], 0))
@pytest.mark.parametrize("name", mostly_long([*HANDS][:-1], "no hash", "the line"))
def test_a_retry_refuses_by_name_what_is_damaged(hurt: LedgerWorld, name: str, more: int) -> None:
    hand, why = HANDS[name]
    for task in hurt.started("p", ["a", "b", *(f"m{at}" for at in range(more))], max_concurrency=2 + more):
        hurt.break_stage(task)
    hand(hurt)
    with capture_logs():
        reply = hurt.ask("retry", "p")
        hurt.serve("p")
    told = reply.what or hurt.client.hget(hurt.keys.of("plan", "p"), "retryRefusals")
    assert '"p.1","damaged-task","' in str(told)
    assert f'{why}"' in str(told)
    assert hurt.status("p.0") == "RUNNING"
    said = NarrowedRetry(hurt.operations, hurt.reader).of_plan("p", Narrowing(tenants="b"), Order("ada")).message
    assert said.endswith(f"{why}; `changeover explain --task p.1` names the way out")


@pytest.mark.parametrize("name", mostly_long(OF_RECORD, "no hash"))
def test_an_acceptance_and_an_exclusion_count_what_is_damaged(hurt: LedgerWorld, name: str) -> None:
    for task in hurt.started("p", ["a", "b"], max_concurrency=2):
        hurt.break_stage(task)
    hurt.plan("q", ["qa", "qb"])
    OF_RECORD[name](hurt)
    hurt.client.hset(hurt.keys.of("task", "q.1"), "touched", "x")
    answers, me = FailureAnswers(hurt.ledger), Order("ada", "because")
    with capture_logs():
        done = Tally.of(answers.on_plan("accept", "p", None, me))
        assert (done.done, done.damaged) == (1, 1)
        done = Tally.of(answers.on_plan("exclude", "q", "q*", Order("ada", "because")))
        assert (done.done, done.damaged) == (1, 1)
        done = Tally.of(answers.on_plan("exclude", "q", "x*", Order("ada", "because")))
        assert (done.done, done.damaged) == (0, 0)


def test_a_rollback_of_a_task_with_a_damaged_config_names_the_key(hurt: LedgerWorld) -> None:
    hurt.done("p", "a", "b")
    bare_config(hurt)
    with pytest.raises(ResponseError, match=r"config:p\.1 is damaged"):
        hurt.ask("rollback", "p.1")
