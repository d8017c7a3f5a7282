"""I17 of what takes many scripts: cut off before, between and after them, and sent again, it acts once a task and is
answered as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.control.failure_desk import FailureDesk
from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.control.purging import Purger
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.events import OperationRequested
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Operation, Operations, Order
from orchestrator.ledger.purges import Purges
from orchestrator.settings.model import Settings
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.lost_answer import client_that_loses_an_answer
from tests.support.place import Place


class GoneError(Exception):
    """The caller, or its connection."""


class Cut:
    """The ledger's scripts, cut off at the n-th: before it is sent, or with its answer lost."""

    def __init__(self, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self._call, self._left, self._is_lost = world.ledger.call, -1, False
        monkeypatch.setattr(world.ledger, "call", self)

    def at(self, number: int, *, lost: bool) -> None:
        self._left, self._is_lost = number, lost

    def heal(self) -> None:
        self._left = -1

    def __call__(self, verb: str, *arguments: Any) -> list[Any]:
        self._left -= 1
        if self._left == 0 and not self._is_lost:
            raise GoneError
        answer = self._call(verb, *arguments)
        if self._left == 0:
            raise GoneError
        return answer


def failed(world: LedgerWorld, plan: str) -> None:
    """Six tasks: 0, 1 and 3 have failed, 2 and 4 run, 5 waits; at most two are looked at in a script."""
    for task_id in world.started(plan, [f"{plan}-{n}" for n in range(6)], max_concurrency=5):
        if task_id[-1] in "013":
            world.break_stage(task_id)


def waiting(world: LedgerWorld, plan: str) -> None:
    world.started(plan, [f"{plan}-{n}" for n in range(6)], max_concurrency=2)


def answer(world: LedgerWorld, word: str, plan: str, pattern: str | None, order: Order) -> str:
    desk = FailureDesk(FailureAnswers(world.ledger, 2), world.reader)
    result = desk.on_plan(word, plan, pattern, order)  # type: ignore[arg-type]
    return f"{result.accepted} {result.message}"


def retry(world: LedgerWorld, plan: str, narrowing: Narrowing, order: Order) -> str:
    result = NarrowedRetry(world.operations, world.reader, 2).of_plan(plan, narrowing, order)
    return f"{result.accepted} {result.message}"


Many = tuple[Callable[[LedgerWorld, str], None], Callable[[LedgerWorld, str, Order], str], str, str]
MANY: dict[str, Many] = {
    "accept": (
        failed,
        lambda world, plan, order: answer(world, "accept", plan, None, order),
        "True 3 failures are accepted: they do not count any more",
        "013",
    ),
    "accept a cause": (
        failed,
        lambda world, plan, order: answer(world, "accept", plan, "bro*", order),
        "True 3 failures are accepted: they do not count any more",
        "013",
    ),
    "accept nothing": (
        failed,
        lambda world, plan, order: answer(world, "accept", plan, "no", order),
        "False it has no such failed task",
        "",
    ),
    "exclude": (
        waiting,
        lambda world, plan, order: answer(world, "exclude", plan, "*", order),
        "True 4 waiting tenants have left the plan",
        "2345",
    ),
    "retry a cause": (
        failed,
        lambda world, plan, order: retry(world, plan, Narrowing(cause="bro*"), order),
        "True 3 of 3 such failed tasks will be retried",
        "013",
    ),
    "retry tenants": (
        failed,
        lambda world, plan, order: retry(world, plan, Narrowing(tenants=f"{plan}-*"), order),
        "True 3 of 3 such failed tasks will be retried",
        "013",
    ),
}


@pytest.mark.parametrize("lost", [False, True], ids=["not sent", "answer lost"])
@pytest.mark.parametrize("name", mostly_long(MANY, "accept", "retry tenants"))
def test_cut_off_anywhere_it_is_answered_as_if_it_had_not_been(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch, name: str, lost: bool
) -> None:
    arrange, call, expected, acted_on = MANY[name]
    cut, number, is_cut = Cut(world, monkeypatch), 0, True
    while is_cut:
        number += 1
        plan, order = f"p{number}", Order("ada", "because", request_id=f"r-{number}")
        arrange(world, plan)
        cut.at(number, lost=lost)
        try:
            assert call(world, plan, order) == expected
            is_cut = False
            cut.heal()
        except GoneError:
            cut.heal()
            # While nobody had its answer, what was retried has failed again, or what was to be has gone on.
            move_on(world, plan)
        assert call(world, plan, order) == expected
        before = world.dump()
        assert call(world, plan, order) == expected
        assert world.dump() == before
        told = [
            e.target_id for e in world.events() if isinstance(e, OperationRequested) and e.request_id == f"r-{number}"
        ]
        assert sorted(told) == [f"{plan}.{n}" for n in acted_on]
        with pytest.raises(InvalidInput, match="it was used to"):
            answer(world, "accept", plan, "another", order)
    assert number > (2 if "retry" in name else 3)


def move_on(world: LedgerWorld, plan: str) -> None:
    """Whoever was retried fails again."""
    world.serve(plan)
    again = [f"{plan}.{n}" for n in (0, 1, 3)]
    for task_id in again:
        record = world.task(task_id)
        if record.get("retries") and record["status"] == "RUNNING":
            world.break_stage(task_id)


def test_what_was_accepted_and_failed_again_is_not_accepted_by_the_rest_of_the_request(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(world, "p")
    cut, order = Cut(world, monkeypatch), Order("ada", "because", request_id="r")
    cut.at(1, lost=True)
    with pytest.raises(GoneError):
        answer(world, "accept", "p", None, order)
    world.ask("retry", "p.0")
    world.finish("p.2")
    world.serve("p")
    world.break_stage("p.0")
    assert answer(world, "accept", "p", None, order) == MANY["accept"][2]
    assert [world.task(f"p.{n}").get("accepted") for n in (0, 1, 3)] == [None, "1", "1"]
    assert judged(world.client, world.keys).holds


@pytest.mark.parametrize("lost", [False, True], ids=["not sent", "answer lost"])
def test_a_purge_of_many_plans_tells_of_all_of_them(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    purger, cut, number, is_cut = Purger(Purges(world.ledger), world.reader), Cut(world, monkeypatch), 0, True
    while is_cut:
        number += 1
        plans = [f"{name}{number}" for name in "abc"]
        for plan in plans:
            world.started(plan, [f"of-{plan}"])
            world.finish(f"{plan}.0")
        moment, order = datetime.now(UTC) + timedelta(minutes=1), Order("ada", "because", request_id=f"r{number}")
        cut.at(number, lost=lost)
        try:
            purger.ended_before(moment, order, None, lambda *_: None)
            is_cut = False
            cut.heal()
        except GoneError:
            cut.heal()
            if world.client.exists(world.keys.of("request", f"r{number}/")):
                with pytest.raises(InvalidInput, match="it was used to"):
                    purger.ended_before(moment + timedelta(minutes=1), order, None, lambda *_: None)
        for _ in range(2):
            assert purger.ended_before(moment, order, None, lambda *_: None).purged == plans
    assert number > 7


LARGE: dict[Operation, tuple[Callable[[LedgerWorld], None], Callable[[Operations], bool]]] = {
    Operation.PAUSE: (lambda world: None, lambda operations: False),
    Operation.RESUME: (lambda world: pause_large(world), lambda operations: operations.resume_chunk("p", 9)),
    Operation.CANCEL: (lambda world: None, lambda operations: operations.cancel_chunk("p", 9)),
    Operation.RETRY: (lambda world: break_large(world), lambda operations: operations.retry_chunk("p", 9)),
    Operation.ROLLBACK: (lambda world: None, lambda operations: operations.rollback_chunk("p", 9)),
}
"""What is done before, and the next chunk of what follows."""


def pause_large(world: LedgerWorld) -> None:
    world.ask("pause", "p")
    for n in range(30):
        world.begin(f"p.{n}")


def break_large(world: LedgerWorld) -> None:
    for n in range(30):
        world.break_stage(f"p.{n}")


@pytest.mark.parametrize("operation", mostly_long(LARGE, Operation.RETRY))
def test_an_operation_on_a_large_plan_repeated_between_its_chunks(
    world: LedgerWorld, client: Client, operation: Operation
) -> None:
    arrange, chunk = LARGE[operation]
    ids = world.started("p", [f"t{n}" for n in range(40)], stages=["one", "two"], max_concurrency=30)
    arrange(world)
    last = world.now()
    first, is_more, chunks = world.ask_again(operation, "p", Order("ada", "because", request_id="r")), True, 0
    while is_more:
        before = world.dump()
        assert world.ask_again(operation, "p", Order("ada", "because", request_id="r")) == first
        assert world.dump() == before
        is_more, chunks = chunk(world.operations), chunks + 1
    # Late, by a coordinator that had not heard the answer.
    before = world.dump()
    assert not chunk(world.operations)
    assert world.dump() == before
    assert chunks > 1 or operation is Operation.PAUSE
    told = [e.target_id for e in world.events(last) if isinstance(e, OperationRequested)]
    assert len(told) == len(set(told))
    assert set(told) <= {"p", *ids}


LOST: dict[str, Callable[[Client, str], OperationResult]] = {
    "accept": lambda client, request: client.accept(plan_id="p", reason="r", request_id=request),
    "exclude": lambda client, request: client.exclude("p", "*", reason="r", request_id=request),
    "retry": lambda client, request: client.retry_some("p", Narrowing(cause="bro*"), Order("ada", request_id=request)),
    "accept one": lambda client, request: client.accept(task_id="p.0", reason="r", request_id=request),
    "skip a stage": lambda client, request: client.skip_stage("p.0", reason="r", request_id=request),
}


@pytest.mark.parametrize("call", mostly_long(LOST, "accept", "retry"))
def test_a_connection_that_breaks_once(world: LedgerWorld, settings: Settings, place: Place, call: str) -> None:
    """The client sends again by itself."""
    failed(world, "p")
    with client_that_loses_an_answer(settings, place) as client:
        result = LOST[call](client, "r-2")
    assert result.accepted, result.message
    with Client(settings) as client:
        assert LOST[call](client, "r-2") == result
