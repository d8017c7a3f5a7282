"""How a message goes on: its own chain cut to the stage that comes next, a chain of its own for a task it knew not, a
round for a poll."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import Retry

from orchestrator.broker.messages import RUN_STAGE
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Admitted, Turn
from workers.continuation import Continuation
from workers.next_link import Drop, FailedStage, Proceed, Reschedule, StageFailed
from workers.poll_rounds import PollRounds

NAMES = ("one", "two", "three", "four")
OWN = Admitted("p.0", "acme", TaskState.RUNNING, 7, 2, 4)
OTHER = Admitted("p.1", "birch", TaskState.RUNNING, 8, 1, 4)
DUE_MS = 1_795_936_885_248
BROKEN = FailedStage("tenant=acme stage=one turn=2", "tenant=acme stage=one: Broken: no")


@pytest.fixture
def app() -> Iterator[Celery]:
    app = Celery("test", broker="memory://", set_as_current=False)
    yield app
    with app.connection_for_write() as connection:
        for task in (OWN, OTHER):
            connection.SimpleQueue(lane_name(lane_of(task.tenant_id, 4))).clear()
    app.close()


@pytest.fixture
def message(app: Celery) -> Any:
    """The bound task of a message for stage 0 of the own task, with its chain."""

    def turn(self: Any, *turn: Any) -> None: ...

    # Not shared: other tests' applications would get it too.
    options: dict[str, Any] = {"bind": True, "max_retries": None, "ignore_result": True, "shared": False}
    run_stage: Any = app.task(turn, name=RUN_STAGE, **options)
    links = [{"task": RUN_STAGE, "args": ["p.0", 7, leg, 0], "kwargs": {}, "options": {}} for leg in (3, 2, 1)]
    where = {"routing_key": lane_name(lane_of(OWN.tenant_id, 4)), "exchange": ""}
    run_stage.push_request(
        id="id", args=["p.0", 7, 0, 0], kwargs={}, chain=links, retries=0, called_directly=False, delivery_info=where
    )
    return run_stage


def stages(links: Any) -> list[int]:
    return [link["args"][2] for link in links or []]


def published(app: Celery, task: Admitted) -> tuple[list[Any], list[int], str | None]:
    with app.connection_for_read() as connection:
        found = connection.SimpleQueue(lane_name(lane_of(task.tenant_id, 4))).get(timeout=5)
        found.ack()
    arguments, _, embedded = found.payload
    return arguments, stages(embedded["chain"]), found.headers["eta"]


def continuation(app: Celery) -> Continuation:
    return Continuation(app, lambda _: NAMES, 4, PollRounds(lambda *_: None, 4), lambda _: None)


def test_links_of_stages_that_are_done_are_cut(app: Celery, message: Any) -> None:
    continuation(app).after(message, Proceed(OWN))
    # The tracer publishes the last one next.
    assert stages(message.request.chain) == [3, 2]


def test_a_chain_that_lacks_the_next_stage_is_published_anew(app: Celery, message: Any) -> None:
    message.request.chain = message.request.chain[:1]
    continuation(app).after(message, Proceed(OWN))
    assert message.request.chain is None
    assert published(app, OWN) == (["p.0", 7, 2, 0], [3], None)


@pytest.mark.parametrize("other", [OTHER, replace(OWN, epoch=8)], ids=["another task", "another epoch"])
def test_another_task_has_a_chain_of_its_own(app: Celery, message: Any, other: Admitted) -> None:
    continuation(app).after(message, Proceed(other))
    assert message.request.chain is None
    arguments, rest, _ = published(app, other)
    assert arguments == [other.task_id, other.epoch, other.stage, 0]
    assert rest == list(range(3, other.stage, -1))


def test_a_poll_is_of_a_round_whatever_chain_it_came_with(app: Celery, message: Any) -> None:
    rounds: list[tuple[str, list[Turn], int | None, list[str]]] = []
    polls = PollRounds(lambda queue, turns, due_ms, shown: rounds.append((queue, list(turns), due_ms, list(shown))), 4)
    continuation = Continuation(app, lambda _: NAMES, 4, polls, lambda _: None)
    continuation.after(message, Reschedule(replace(OWN, turn=1), DUE_MS, "three", after_seconds=3.0))
    assert message.request.chain is None
    continuation.go_on(Reschedule(replace(OTHER, turn=3), DUE_MS, "two", after_seconds=3.0))
    polls.stop()
    assert sorted(rounds) == [
        (lane_name(lane_of("birch", 4)), [Turn("p.1", 8, 1, 3)], DUE_MS, ["tenant=birch stage=two"]),
        (lane_name(lane_of("acme", 4)), [Turn("p.0", 7, 2, 1)], DUE_MS, ["tenant=acme stage=three"]),
    ]


def test_a_turn_of_the_own_task_for_a_slot_is_the_same_message_again(app: Celery, message: Any) -> None:
    with pytest.raises(Retry):
        continuation(app).after(message, Reschedule(replace(OWN, turn=1), DUE_MS, "three"))
    arguments, rest, eta = published(app, OWN)
    assert (arguments, rest) == (["p.0", 7, 2, 1], [3])
    assert eta is not None
    assert eta.startswith("2026-11-29T07:21:25.248")


def test_a_turn_of_another_task_for_a_slot_is_a_message_of_its_own(app: Celery, message: Any) -> None:
    continuation(app).after(message, Reschedule(replace(OTHER, turn=3), DUE_MS, "two"))
    assert message.request.chain is None
    arguments, rest, eta = published(app, OTHER)
    assert (arguments, rest) == (["p.1", 8, 1, 3], [3, 2])
    assert eta is not None


def test_what_is_dropped_goes_no_further(app: Celery, message: Any) -> None:
    continuation(app).after(message, Drop())
    assert message.request.chain is None
    message.request.chain = [{}]
    with pytest.raises(StageFailed, match="one: Broken: no"):
        continuation(app).after(message, Drop(BROKEN))
    assert message.request.chain is None


def test_a_stage_that_fails_in_a_round_is_told_apart_from_one_that_ends_well(app: Celery) -> None:
    failed: list[FailedStage] = []
    one = Continuation(app, lambda _: NAMES, 4, PollRounds(lambda *_: None, 4), failed.append)
    one.go_on(Drop())
    one.go_on(Drop(BROKEN))
    assert failed == [BROKEN]
