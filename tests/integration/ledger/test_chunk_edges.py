"""What is done for many tasks in many scripts is what one script would do, at any edge between two of them (I17)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Operation, Operations, Order, Tally
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long

FEW, ALL = 2, 10_000
EDGES = [(number, 50) for number in (199, 200, 201, 400, 401)]
SIZES = [(3, FEW), (4, FEW), (5, FEW), *EDGES]


class Between:
    """Does something after the n-th script of the ledger, as somebody who asks at that moment."""

    def __init__(self, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self._call, self._verb, self._left = world.ledger.call, "", 0
        self._act: Callable[[], Any] = lambda: None
        monkeypatch.setattr(world.ledger, "call", self)

    def after(self, number: int, verb: str, act: Callable[[], Any]) -> None:
        self._verb, self._left, self._act = verb, number, act

    def __call__(self, verb: str, *arguments: Any) -> list[Any]:
        answer = self._call(verb, *arguments)
        if verb == self._verb:
            self._left -= 1
            if self._left == 0:
                self._act()
        return answer


def failed(world: LedgerWorld, plan: str, number: int) -> None:
    """All have failed but the last, which runs."""
    tasks = world.started(plan, [f"{plan}-{n}" for n in range(number)], max_concurrency=number)
    for task_id in tasks[:-1]:
        world.break_stage(task_id)
    world.begin(tasks[-1])


def waiting(world: LedgerWorld, plan: str, number: int) -> None:
    """All wait but the first, which runs."""
    world.begin(world.started(plan, [f"{plan}-{n}" for n in range(number)], max_concurrency=1)[0])


def retry_all(world: LedgerWorld, plan: str, order: Order, chunk: int) -> tuple[object, ...]:
    # Fewer than one go would be done in the call.
    Operations(world.ledger, retried_at_once=ALL if chunk == ALL else 1).on_plan(Operation.RETRY, plan, order)
    while world.operations.retry_chunk(plan, chunk):
        pass
    return ()


def retry_some(world: LedgerWorld, plan: str, order: Order, chunk: int) -> tuple[object, ...]:
    found = NarrowedRetry(world.operations, world.reader, chunk).of_plan(plan, Narrowing(cause="*"), order)
    return found.accepted, found.message


def answer(word: Any, pattern: str | None) -> Callable[[LedgerWorld, str, Order, int], tuple[object, ...]]:
    def ask(world: LedgerWorld, plan: str, order: Order, chunk: int) -> tuple[object, ...]:
        reply = FailureAnswers(world.ledger, chunk).on_plan(word, plan, pattern, order)
        return reply.answer, reply.status, Tally.of(reply)

    return ask


Ask = Callable[[LedgerWorld, str, Order, int], tuple[object, ...]]
ASKED: dict[str, tuple[Callable[[LedgerWorld, str, int], None], Ask, str]] = {
    "retry": (failed, retry_all, "retry_chunk"),
    "retry some": (failed, retry_some, "retry_some_chunk"),
    "accept": (failed, answer("accept", None), "accept_chunk"),
    "exclude": (waiting, answer("exclude", "*"), "exclude_chunk"),
}


def standing(world: LedgerWorld, plan: str) -> list[tuple[str, ...]]:
    """Each task as its record says, and the plan."""
    total = int(world.reader.plan_record(plan)["total"])
    tasks = [world.task(f"{plan}.{n}") for n in range(total)]
    fields = ("status", "retries", "accepted", "retrying", "attempt")
    return [(world.status(plan),), *(tuple(task.get(name, "") for name in fields) for task in tasks)]


@pytest.mark.parametrize("size", mostly_long(SIZES, SIZES[2]), ids=lambda size: str(size[0]))
@pytest.mark.parametrize("name", mostly_long(ASKED, "retry some", "exclude"))
def test_many_scripts_are_as_one(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int]
) -> None:
    (number, chunk), (arrange, ask, verb) = size, ASKED[name]
    arrange(world, "one", number)
    # One chunk: as many as a script may look at.
    expected = ask(world, "one", Order("ada", "because", request_id="one"), ALL)
    between = Between(world, monkeypatch)
    for edge in range(1, min(-(-number // chunk), 4) + 1):
        plan = f"p{edge}"
        arrange(world, plan, number)
        order = Order("ada", "because", request_id=plan)
        # The same request comes once more at the edge, as from a client whose answer is late.
        between.after(edge, verb, partial(ask, world, plan, order, chunk))
        found = ask(world, plan, order, chunk)
        assert found == expected
        assert standing(world, plan) == standing(world, "one")
    assert judged(world.client, world.keys).holds


@pytest.mark.parametrize("operation", mostly_long(["pause", "resume", "cancel", "rollback"], "cancel"))
@pytest.mark.parametrize("size", mostly_long([(5, FEW), (201, 50)], (5, FEW)), ids=lambda size: str(size[0]))
@pytest.mark.parametrize("name", mostly_long(ASKED, "retry some"))
def test_what_is_asked_between_two_scripts_counts(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int], operation: str
) -> None:
    (number, chunk), (arrange, ask, verb) = size, ASKED[name]
    arrange(world, "p", number)
    if operation == "resume":
        world.ask("pause", "p")
    last = world.now()

    def meanwhile() -> None:
        # And what follows from it, up to the end where it ends.
        assert world.ask(operation, "p").answer == "ACCEPTED"
        for task_id in ("p.0", f"p.{number - 1}"):
            if world.task(task_id).get("lease") == "running":
                world.succeed(task_id)
        world.serve("p")

    Between(world, monkeypatch).after(1, verb, meanwhile)
    ask(world, "p", Order("ada", "because", request_id="r"), chunk)
    world.serve("p")
    states = {world.status(f"p.{n}") for n in range(number)}
    kinds = world.kinds(last)
    if operation in ("cancel", "rollback"):
        # It stays given up: what was left of the request has not opened it again.
        assert "PlanReopened" not in kinds
        assert "PENDING" not in states
        if operation == "cancel":
            assert (world.status("p"), states <= {"CANCELLED", "FAILED"}) == ("CANCELLED", True)
    elif operation == "pause":
        assert world.status("p") in ("PAUSED", "CANCELLED")
        assert "TaskStarted" not in kinds
        assert "TaskRetryStarted" not in kinds
    else:
        # All of it has been done, and nothing is left to do.
        assert not {"PENDING", "FAILED"} & {world.status(f"p.{n}") for n in range(number)} or name in ("accept",)
    assert judged(world.client, world.keys).holds
