"""What is done for many of a plan's tasks passes one by that a hand has damaged: once that is mended, the fold of the
log is the ledger's state again (I7), and all invariants hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from structlog.testing import capture_logs

from orchestrator.fleet.rules import FleetRules, Tolerance
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Begun
from tests.support.coordinating import Coordinating
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.table_steps import leave_to_chunks

Do = Callable[[LedgerWorld], object]
ME = Order("ada", "because")


def renamed(kind: str, identifier: str, put: Do | None = None) -> tuple[Do, Do]:
    """The key is away, with something else in its place; then it is as it was."""

    def hurt(world: LedgerWorld) -> None:
        key = world.keys.of(kind, identifier)
        if world.client.exists(key):
            world.client.rename(key, "kept")
        if put is not None:
            put(world)

    def mend(world: LedgerWorld) -> None:
        key = world.keys.of(kind, identifier)
        world.client.delete(key)
        if world.client.exists("kept"):
            world.client.rename("kept", key)

    return hurt, mend


def field(name: str, text: str) -> tuple[Do, Do]:
    was: list[str | None] = []

    def hurt(world: LedgerWorld) -> None:
        was.append(world.task("p.0").get(name))
        world.client.hset(world.keys.of("task", "p.0"), name, text)

    def mend(world: LedgerWorld) -> None:
        value = was.pop()
        if value is None:
            world.client.hdel(world.keys.of("task", "p.0"), name)
        else:
            world.client.hset(world.keys.of("task", "p.0"), name, value)

    return hurt, mend


HANDS: Final = {
    "no record": renamed("task", "p.0"),
    "a number that is none": field("touched", "x"),
    "a state of nobody": field("status", "BROKEN"),
    "the tenant": renamed("tenant", "t0", lambda world: world.client.set(world.keys.of("tenant", "t0"), "garbage")),
    "the line": renamed("line", "t0", lambda world: world.client.set(world.keys.of("line", "t0"), "garbage")),
}


def paused(count: int) -> Do:
    def make(world: LedgerWorld) -> None:
        for task in _started(world, count):
            assert world.begin(task) is Begun.BEGUN
        world.ask("pause", "p")
        for position in range(count):
            world.succeed(f"p.{position}")

    return make


def _started(world: LedgerWorld, count: int = 2, **options: object) -> list[str]:
    tenants = [f"t{at}" for at in range(count)]
    return world.started("p", tenants, max_concurrency=count, stages=["one", "two"], **options)


def failed(world: LedgerWorld) -> None:
    for task in _started(world):
        world.stage(task)
        world.break_stage(task)


def done(world: LedgerWorld) -> None:
    for task in _started(world):
        world.finish(task)


def asked_alone(world: LedgerWorld) -> None:
    """Its way back is asked for, and has not begun."""
    done(world)
    world.ask("rollback", "p.0")


def going_back(world: LedgerWorld) -> None:
    asked_alone(world)
    world.serve("p")


def waiting(world: LedgerWorld) -> None:
    """In the line of its tenant, which another holds."""
    world.started("held", ["t0"], stages=["one"])
    _started(world)


def breached(world: LedgerWorld) -> None:
    _started(world, 3, rules=FleetRules(4, Tolerance(0, strict=False), on_breach="rollback_wave"))
    world.finish("p.0")
    world.stage("p.1")
    world.begin("p.2")


def by_policy(world: LedgerWorld) -> None:
    """Its breaker has taken it back, and it could not be."""
    breached(world)
    world.fail("p.2")
    world.serve("p")
    world.break_stage("p.0")


def ask(operation: str, order: Order = ME) -> Do:
    return lambda world: world.ask(operation, "p", order)


def answer(word: str) -> Do:
    return lambda world: FailureAnswers(world.ledger).on_plan(word, "p", None, ME)  # type: ignore[arg-type]


REQUESTS: Final[dict[str, tuple[Do, Do]]] = {
    "resume": (paused(2), ask("resume")),
    "resume in chunks": (paused(24), ask("resume")),
    "pause": (waiting, ask("pause")),
    "cancel": (paused(2), ask("cancel")),
    "cancel of one that waits": (waiting, ask("cancel")),
    "rollback": (done, ask("rollback")),
    "rollback of one that is paused": (paused(2), ask("rollback")),
    "rollback of one that has failed": (failed, ask("rollback")),
    "rollback of one that waits": (waiting, ask("rollback")),
    "rollback of one that was asked before": (asked_alone, ask("rollback")),
    "rollback of one that goes back": (going_back, ask("rollback")),
    "rollback of one that policy took back": (by_policy, ask("rollback")),
    "rollback of a wave": (breached, lambda world: world.fail("p.2")),
    "retry": (failed, ask("retry")),
    "retry in chunks": (failed, leave_to_chunks),
    "retry of one that waits for its way back": (asked_alone, ask("retry")),
    "acceptance": (failed, answer("accept")),
}


@pytest.mark.parametrize("hand", mostly_long(HANDS, "no record"))
@pytest.mark.parametrize(
    "request_of", mostly_long(REQUESTS, "resume", "cancel", "rollback of one that was asked before")
)
def test_log_and_ledger_agree_once_it_is_mended(world: LedgerWorld, request_of: str, hand: str) -> None:
    make, act = REQUESTS[request_of]
    hurt, mend = HANDS[hand]
    make(world)
    world.check()
    hurt(world)
    coordinating = Coordinating(world)
    with capture_logs():
        act(world)
        coordinating.settle()
        mend(world)
        assert not judged(world.client, world.keys).of("I7"), request_of
        # What has left its queue comes back, and what was passed by is tried again.
        coordinating.reconcile()
        coordinating.look()
        coordinating.settle()
    world.check()
