"""Stages that failed in poll rounds, as rows: each by itself, and no storm of them."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.events.state import State
from kombu.entity import Queue
from kombu.messaging import Consumer

from orchestrator.broker.messages import RUN_STAGE
from tests.support.waiting import wait_until
from workers.failed_rows import MOST, FailedRows
from workers.next_link import FailedStage
from workers.task_events import TaskEvents, send_failed


def failure(number: int) -> FailedStage:
    return FailedStage(f"tenant=t{number} stage=one turn=3", f"tenant=t{number} stage=one: Broken: no")


class Rows:
    """What is sent."""

    def __init__(self) -> None:
        self.sent: list[list[FailedStage]] = []
        self.wanted = True
        self.broken = False
        self.rows = FailedRows(self._send, lambda: self.wanted)

    def _send(self, stages: Sequence[FailedStage]) -> None:
        if self.broken:
            raise OSError("the broker is away")
        self.sent.append(list(stages))


@pytest.fixture
def of() -> Any:
    rows = Rows()
    yield rows
    rows.rows.stop()


def test_each_failure_is_a_row(of: Rows) -> None:
    for number in range(2):
        of.rows.add(failure(number))
    wait_until(lambda: [one for sent in of.sent for one in sent] == [failure(0), failure(1)])


def test_thousands_at_once_are_a_few_rows_and_a_count(of: Rows) -> None:
    for number in range(5_000):
        of.rows.add(failure(number))
    of.rows.stop()
    told = [one for sent in of.sent for one in sent]
    named = [one for one in told if one.shown.startswith("tenant=")]
    counts = [int(one.shown.split()[1]) for one in told if one not in named]
    assert named[:MOST] == [failure(number) for number in range(MOST)]
    assert len(named) + sum(counts) == 5_000
    assert all(len(sent) <= MOST + 1 for sent in of.sent)


def test_nothing_is_sent_while_nobody_asked_for_events(of: Rows) -> None:
    of.wanted = False
    of.rows.add(failure(0))
    of.wanted = True
    of.rows.add(failure(1))
    of.rows.stop()
    assert of.sent == [[failure(1)]]


def test_a_broker_that_is_away_costs_the_rows_alone(of: Rows) -> None:
    of.broken = True
    of.rows.add(failure(0))
    of.rows.stop()
    of.broken = False
    of.rows.add(failure(1))
    of.rows.stop()
    assert of.sent == [[failure(1)]]


def test_a_row_is_what_flower_makes_of_its_one_event() -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    state, found = State(), list[dict[str, Any]]()

    def take(body: dict[str, Any], message: Any) -> None:
        found.append(body)
        message.ack()

    with app.connection_for_read() as connection:
        exchange = app.events.Dispatcher(connection, enabled=False).exchange
        queue: Any = Queue("rows", exchange, routing_key="task.#", channel=connection)  # type: ignore[no-untyped-call]
        queue.declare()
        send_failed(app, "w1@host", [failure(0), failure(1)])
        with Consumer(connection, [queue], callbacks=[take]):  # type: ignore[no-untyped-call]
            while len(found) < 2:
                connection.drain_events(timeout=5)
    app.close()
    for event in found:
        state.event({**event, "local_received": event["timestamp"]})
    rows = sorted(state.tasks.values(), key=lambda row: row.args)
    assert [(row.state, row.name, row.args, row.worker.hostname) for row in rows] == [
        ("FAILURE", RUN_STAGE, failure(number).shown, "w1@host") for number in range(2)
    ]
    assert rows[0].exception == "StageFailed('tenant=t0 stage=one: Broken: no')"
    assert rows[0].received
    assert rows[0].uuid != rows[1].uuid


def test_whether_events_are_on_is_what_the_consumer_says() -> None:
    events = TaskEvents()
    assert not events.are_on
    seen = []
    for enabled, groups in ((True, set()), (True, {"worker"}), (True, {"worker", "task"}), (False, {"task"})):
        events.note(SimpleNamespace(enabled=enabled, groups=groups))
        seen.append(events.are_on)
    assert seen == [True, False, True, False]
    events.note(None)
    assert not events.are_on
