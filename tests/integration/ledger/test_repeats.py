"""I17: the same request twice, whatever became of its target in between; and through a proxy that loses the answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.domain.events import OperationRequested
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.lost_answer import client_that_loses_an_answer
from tests.support.place import Place

Act = Callable[[Client, str], OperationResult]


def stopped_in_line(world: LedgerWorld) -> None:
    """p.0 holds a and has one stage done; q.0 waits for a; p.1 has failed."""
    world.started("p", ["a", "b"])
    world.started("q", ["a"])
    world.stage("p.0")
    world.break_stage("p.1")


CALLS: dict[str, Act] = {
    "pause": lambda client, request: client.pause(task_id="p.0", request_id=request),
    "pause tenant": lambda client, request: client.pause(tenant_id="a", request_id=request),
    "pause plan": lambda client, request: client.pause(plan_id="p", request_id=request),
    "resume": lambda client, request: client.resume(task_id="p.0", request_id=request),
    "cancel": lambda client, request: client.cancel(task_id="p.0", request_id=request),
    "resume tenant": lambda client, request: client.resume(tenant_id="a", request_id=request),
    "cancel plan": lambda client, request: client.cancel(plan_id="p", request_id=request),
    "retry": lambda client, request: client.retry(task_id="p.1", request_id=request),
    "retry plan": lambda client, request: client.retry(plan_id="p", request_id=request),
    "rollback": lambda client, request: client.rollback(task_id="p.0", request_id=request),
    "rollback plan": lambda client, request: client.rollback(plan_id="p", request_id=request),
    "release": lambda client, request: client.release_tenant("a", reason="r", force=True, request_id=request),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_same_request_after_its_target_has_moved_on(world: LedgerWorld, client: Client, call: str) -> None:
    stopped_in_line(world)
    first = CALLS[call](client, "r-1")
    assert first.request_id == "r-1"
    # What was asked for happens, and then something else: the tenant goes to the next, the task ends.
    if world.task("p.0").get("lease") == "queued":
        world.begin("p.0")
        if world.task("p.0").get("lease") == "running":
            world.succeed("p.0")
    world.coordinate()
    client.resume(plan_id="p")
    world.coordinate()
    before = world.dump()

    assert CALLS[call](client, "r-1") == first

    assert world.dump() == before
    told = [event.request_id for event in world.events() if isinstance(event, OperationRequested)]
    assert told.count("r-1") == (0 if call.startswith("resume") else 1)  # it was not paused, so nothing was written


# What is asked for before, so that the call is accepted; the repeat of the cancel would cancel the task itself.
BEFORE = {"resume": "pause", "cancel": "rollback", "resume tenant": "pause"}


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_that_was_lost(world: LedgerWorld, settings: Settings, place: Place, call: str) -> None:
    """The client sends again by itself, and it is one request."""
    stopped_in_line(world)
    if call in BEFORE:
        world.ask(BEFORE[call], "p.0")
    last = world.now()
    with client_that_loses_an_answer(settings, place) as client:
        result = CALLS[call](client, "r-2")
    assert result.accepted
    asked = [event.request_id for event in world.events(last) if isinstance(event, OperationRequested)]
    # What follows from a plan's retry, for each of its tasks, is nobody's request.
    assert asked == ["r-2"] + [None] * (call == "retry plan")
    if call == "cancel":
        assert result.message == "its rollback is withdrawn; it goes on"
        assert "cancelRequested" not in world.task("p.0")
    if call == "release":
        assert (result.task_id, world.status("p.0"), world.status("q.0")) == ("p.0", "FAILED", "PENDING")


def test_release_by_force_does_not_take_the_next_holder(world: LedgerWorld, client: Client) -> None:
    stopped_in_line(world)
    first = client.release_tenant("a", reason="r", force=True, request_id="once")
    world.coordinate()
    assert world.holder("a") == "q.0"

    assert client.release_tenant("a", reason="r", force=True, request_id="once") == first
    assert world.holder("a") == "q.0"
    client.release_tenant("a", reason="r", force=True)
    assert world.holder("a") is None


def test_one_id_serves_one_request(world: LedgerWorld, client: Client) -> None:
    stopped_in_line(world)
    client.pause(task_id="p.0", request_id="mine")
    before = world.dump()
    others: list[Callable[[], object]] = [
        lambda: client.resume(task_id="p.0", request_id="mine"),
        lambda: client.pause(task_id="q.0", request_id="mine"),
        lambda: client.retry(plan_id="p", request_id="mine"),
        lambda: client.pause(task_id="p.0", request_id="x" * 201),
        lambda: client.pause(task_id="p.0", request_id=" "),
    ]
    for call in others:
        with pytest.raises(InvalidInput, match="request_id: "):
            call()
    assert world.dump() == before


def test_answers_are_kept_for_a_day(world: LedgerWorld, client: Client) -> None:
    """Bounded (I18): what repeats need goes by itself."""
    stopped_in_line(world)
    client.pause(task_id="p.0", request_id="a-day")
    client.retry(plan_id="p", request_id="plan")
    for request in ("a-day", "plan"):
        left = int(world.client.ttl(world.keys.of("request", request)))
        assert 86_000 < left <= 86_400, request


def test_who_did_not_hear_the_answer_is_told_the_request(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    with Client(away) as client, pytest.raises(Unreachable, match="give request id mine"):
        client.pause(task_id="p.0", request_id="mine")
