"""What waits to be published, without a broker: batches, faults, back-off, room. The thread is the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from structlog.testing import capture_logs

from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.copies import Copies, Doubted
from orchestrator.coordinator.publisher import BATCH, DOUBTED_ROOM, ROOM, Publisher
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.status import TaskState
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted


def row(number: int, epoch: int = 1) -> Admitted:
    return Admitted(f"p.{number}", f"t{number}", TaskState.RUNNING, epoch, 0, 1)


class Place:
    """Stands where dispatcher, ledger and clock do."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.away = False
        self.poison: set[str] = set()
        self.attempts = 0
        self.published: list[Admitted] = []
        self.dispatchable: Callable[[str], Admitted | None] = lambda task_id: None
        self.lost: Callable[[Sequence[Doubted]], list[Admitted]] = lambda doubted: []
        self.publisher = Publisher(
            cast(Dispatcher, self),
            cast(Reader, self),
            lambda tasks: [("one",)] * len(tasks),
            cast(Copies, self),
            clock=lambda: self.seconds,
        )

    def has_waiting(self) -> bool:
        return (self.publisher.room(), self.publisher.doubted_room()) != (ROOM, DOUBTED_ROOM)

    def publish(self, tasks: Sequence[Admitted], leg_names: Sequence[Sequence[str]]) -> None:
        self.attempts += 1
        if self.away:
            raise Unreachable("away")
        if self.poison & {task.task_id for task in tasks}:
            raise TypeError("no JSON")
        self.published += tasks


def test_tasks_are_published_in_batches_in_order() -> None:
    place = Place()
    place.publisher.put([row(n) for n in range(BATCH + 5)])
    place.publisher.round()
    assert place.published == [row(n) for n in range(BATCH)]
    place.publisher.round()
    assert len(place.published) == BATCH + 5
    assert not place.has_waiting()


def test_of_doubted_messages_only_the_lost_are_published() -> None:
    place = Place()
    place.lost = lambda doubted: [one.task for one in doubted if one.published_ms < 5]
    place.publisher.put_doubted([Doubted(row(n), published_ms=n, now_ms=100) for n in range(10)])
    place.publisher.round()
    assert place.published == [row(n) for n in range(5)]
    assert not place.has_waiting()


def test_a_doubt_does_not_displace_what_is_certain() -> None:
    place = Place()
    place.publisher.put([row(0)])
    place.publisher.put_doubted([Doubted(row(0), 0, 100)])
    place.publisher.round()
    assert place.published == [row(0)]


def test_a_fault_about_copies_holds_up_nobody() -> None:
    def fault(doubted: Sequence[Doubted]) -> list[Admitted]:
        if doubted:
            raise LookupError("no such lane")
        return []

    place = Place()
    place.lost = fault
    place.publisher.put_doubted([Doubted(row(0), 0, 100)])
    place.publisher.put([row(1)])
    with capture_logs():
        place.publisher.round()
    assert place.published == [row(1)]
    assert not place.has_waiting()


def test_of_one_task_the_last_word_counts() -> None:
    place = Place()
    place.publisher.put([row(0), row(1), row(0, epoch=2)])
    place.publisher.round()
    assert place.published == [row(0, epoch=2), row(1)]


def test_a_broker_that_is_away_is_asked_seldom_and_not_for_each_task() -> None:
    place = Place()
    place.away = True
    with capture_logs():
        for tenth in range(600):
            place.seconds = tenth / 10
            place.publisher.put([row(tenth)])
            if place.publisher.room() == ROOM - 1 or place.seconds >= place.publisher.resumes_at:
                place.publisher.round()
    # A minute: 0.5, 1, 2, 4 s apart, then 5.
    assert place.attempts <= 17
    assert place.publisher.room() == 0


def test_after_an_outage_what_waited_is_looked_up_again() -> None:
    place = Place()
    place.away = True
    place.publisher.put([row(0), row(1)])
    with capture_logs():
        place.publisher.round()
        place.away, place.seconds = False, 10.0
        place.dispatchable = lambda task_id: None if task_id == "p.0" else row(1, epoch=7)
        for _ in range(2):
            place.publisher.round()
    assert place.published == [row(1, epoch=7)]
    assert not place.has_waiting()


def test_one_task_that_cannot_be_published_stops_no_other() -> None:
    place = Place()
    place.poison = {"p.1"}
    place.publisher.put([row(n) for n in range(3)])
    with capture_logs() as logs:
        place.publisher.round()
    assert place.published == [row(0), row(2)]
    assert [line["what"] for line in logs if line["action"] == "passed-by"] == ["p.1"]
    assert not place.has_waiting()


def test_what_is_doubted_has_room_of_its_own_and_admission_has_its_own() -> None:
    place = Place()
    place.lost = lambda doubted: [one.task for one in doubted]
    place.publisher.put([row(n) for n in range(ROOM)])
    assert place.publisher.doubted_room() == DOUBTED_ROOM
    place.publisher.put_doubted([Doubted(row(n), 0, 1) for n in range(ROOM, ROOM + DOUBTED_ROOM + 1)])
    assert (place.publisher.room(), place.publisher.doubted_room()) == (0, 0)
    while place.has_waiting():
        place.publisher.round()
    # Neither waits for the other.
    assert place.published[: 2 * BATCH] == [row(n) for n in (*range(BATCH), *range(ROOM, ROOM + BATCH))]
    assert len(place.published) == ROOM + DOUBTED_ROOM
